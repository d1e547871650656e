import { expect, it } from 'vitest';
import { readTokenizerFiles } from './tokenizerFiles.ts';

const read = (files: Record<string, string>) => readTokenizerFiles(async (name) => files[name]);

it('finds the chat template where transformers looks for it', async () => {
  const config = '{"chat_template": "in config"}';
  const base = { 'tokenizer.json': '{}', 'tokenizer_config.json': config };
  expect((await read(base)).chatTemplate).toBe('in config');
  const json = { ...base, 'chat_template.json': '{"chat_template": "in json"}' };
  expect((await read(json)).chatTemplate).toBe('in json');
  expect((await read({ ...json, 'chat_template.jinja': 'in jinja' })).chatTemplate).toBe('in jinja');
  const list = '{"chat_template": [{"name": "tool_use", "template": "x"}, {"name": "default", "template": "y"}]}';
  expect((await read({ ...base, 'tokenizer_config.json': list })).chatTemplate).toBe('y');
  expect(await read({ 'tokenizer.json': '{}' })).toEqual({ tokenizer: {}, config: {} });
});

it('names the file that is missing or broken', async () => {
  await expect(read({})).rejects.toThrowErrorMatchingInlineSnapshot(
    `[TextError: the folder has no tokenizer.json: copy it from the model, or write it with transformers, AutoTokenizer.from_pretrained(folder).save_pretrained(folder)]`,
  );
  await expect(read({ 'tokenizer.json': '{' })).rejects.toThrow('tokenizer.json is not JSON: ');
  await expect(read({ 'tokenizer.json': '[]' })).rejects.toThrow('tokenizer.json must hold a JSON object');
});
