// Writes docs/metrics.md out of the catalogue of metrics. A test in libs/metrics says when it is out of date.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricsDocument } from '#libs/metrics';

writeFileSync(join(import.meta.dirname, '..', 'docs', 'metrics.md'), metricsDocument());
