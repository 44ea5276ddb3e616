/** Reads an OpenAPI document from standard input and says what is wrong with it, as JSON. A process of its own: jest loads no ES modules. */
import { text } from 'node:stream/consumers';
import { Validator } from '@seriousme/openapi-schema-validator';

const validator = new Validator();
const { valid, errors } = await validator.validate(JSON.parse(await text(process.stdin)));
console.log(JSON.stringify({ valid, errors, version: validator.version }));
