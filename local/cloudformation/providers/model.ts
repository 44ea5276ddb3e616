import type { ResourceRequest } from '../provider';

/** What stands for a resource that has no behaviour here: its `Ref`, and the attributes that we vouch for. */
export interface Model {
  readonly note: string;
  readonly ref?: (request: ResourceRequest, id: string) => string;
  readonly attributes?: (request: ResourceRequest, id: string) => Record<string, string>;
}
