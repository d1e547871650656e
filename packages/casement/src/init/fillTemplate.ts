import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** Copies a folder of files, with every `{{name}}` in them replaced by the value of that name. */
export async function fillTemplate(
  template: string,
  target: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  for (const file of await readdir(template)) {
    const [from, to] = [join(template, file), join(target, publishedName(file))];
    if (extname(file) === '.png') await copyFile(from, to);
    else await writeFile(to, fill(await readFile(from, 'utf8'), file, values));
  }
}

/** npm leaves .gitignore and .npmrc out of packages, so the template has them under other names. */
function publishedName(file: string): string {
  return ['gitignore', 'npmrc'].includes(file) ? `.${file}` : file;
}

function fill(text: string, file: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template ${file} has a blank {{${name}}} that nothing fills`);
    return file.endsWith('.json') ? JSON.stringify(value).slice(1, -1) : value;
  });
}
