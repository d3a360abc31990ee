export {
  createCachedResource,
  type CachedResourceActions,
  type CachedResourceOptions,
  type CachedResourceReturn,
} from './create-cached-resource.js';
