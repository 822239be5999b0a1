import { expect, it } from 'vitest';
import { problemResponse } from '#lib/http/problem.ts';

it('answers problem details with the title of the status', () => {
  const response = problemResponse({ status: 404 });
  expect(response).toMatchObject({ statusCode: 404, headers: { 'content-type': 'application/problem+json' } });
  expect(JSON.parse(response.body)).toEqual({ title: 'Not Found', status: 404 });
});

it('names the fields at fault and adds headers', () => {
  const errors = [{ pointer: '/url', detail: 'must be https' }];
  const response = problemResponse({ status: 422, detail: 'The subscription is not valid.', errors, headers: { 'retry-after': '5' } });
  expect(response.headers).toEqual({ 'content-type': 'application/problem+json', 'retry-after': '5' });
  expect(JSON.parse(response.body)).toEqual({
    title: 'Unprocessable Content',
    status: 422,
    detail: 'The subscription is not valid.',
    errors,
  });
});
