import { execFile, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A Python with the given packages, installed from PyPI into a new environment in `folder`; undefined outside of CI
 * (`CI` is set there), as it is some 100 MB. The environment variable `variable` names a Python that has them already.
 */
export async function pythonWith(
  packages: readonly string[],
  variable: string,
  folder: string,
): Promise<string | undefined> {
  const given = process.env[variable];
  if (given !== undefined || !process.env.CI) return given;
  await run('python3', ['-m', 'venv', folder]);
  const python = `${folder}/bin/python`;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await run(python, [...pip, ...packages], { maxBuffer: 2 ** 24 });
  return python;
}

/**
 * What a Python script answers, as JSON, to a question that it reads as JSON from stdin.
 *
 * @throws Error with what the script says on stderr where it fails
 */
export async function askPython(python: string, script: string, question: unknown): Promise<unknown> {
  const child = spawn(python, ['-W', 'ignore', script], { stdio: 'pipe' });
  child.stdin.end(JSON.stringify(question));
  const [answer, complaint, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    }),
  ]);
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${complaint}`);
  return JSON.parse(answer);
}
