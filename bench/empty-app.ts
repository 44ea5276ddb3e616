import { App, CfnWaitConditionHandle, Stack } from 'aws-cdk-lib';

/** The least that CDK synthesises: what `bench/synth.ts` measures us against. */
const app = new App();
// A template needs a resource; this one does nothing.
new CfnWaitConditionHandle(new Stack(app, 'Empty'), 'Nothing');
app.synth();
