export { BINS_PER_DOUBLING, binIndex, binUpperBound } from './bin-index.js';
export { ExpHistogram } from './exp-histogram.js';
export { WindowHistograms } from './window-histograms.js';
