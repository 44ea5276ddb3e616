/**
 * Physical names, which little else here has: workflows name a role before they can ask the account anything. IAM's names
 * are the account's, whatever the region, so they differ by the environment.
 */
export interface DeliveryRoleNames {
  readonly diff: string;
  readonly deploy: string;
}

export function deliveryRoleNames(environment: string): DeliveryRoleNames {
  return { diff: `golive-${environment}-diff`, deploy: `golive-${environment}-deploy` };
}
