import type { IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { WIDTH } from './alarm-status';

/** Widgets side by side, as many as a dashboard is wide. */
export function inRows(widgets: readonly IWidget[]): IWidget[][] {
  const rows: IWidget[][] = [];
  let left = 0;
  for (const widget of widgets) {
    if (widget.width > left) {
      rows.push([]);
      left = WIDTH;
    }
    rows.at(-1)!.push(widget);
    left -= widget.width;
  }
  return rows;
}
