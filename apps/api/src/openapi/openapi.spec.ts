import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { EVENT_KINDS } from '#libs/contracts';
import { aBatch } from '#libs/contracts/testing';
import { openApiDocument, schemaName } from './openapi.js';

const document = openApiDocument('1.0.0') as {
  paths: Record<string, unknown>;
  components: { schemas: Record<string, object> };
};

describe('The OpenAPI document', () => {
  it('leads every reference to a schema that is there', () => {
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name!,
    );
    expect(references.length).toBeGreaterThan(20);
    expect(references.filter((name) => !(name in document.components.schemas))).toEqual([]);
  });

  it('has each kind of event', () => {
    expect(EVENT_KINDS.filter((kind) => !(schemaName(kind) in document.components.schemas))).toEqual([]);
  });

  it('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect([valid, errors]).toEqual([true, undefined]);
  });

  it('describes a batch so that an ordinary validator takes a good one and refuses a bad one', () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema({ ...document, $id: 'openapi' });
    const validate = ajv.compile({ $ref: 'openapi#/components/schemas/Batch' });
    const batch = JSON.parse(JSON.stringify(aBatch())) as { sequence: number };
    expect([validate(batch), validate.errors]).toEqual([true, null]);
    expect(validate({ ...batch, sequence: -1 })).toBe(false);
  });
});
