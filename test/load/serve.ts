import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildTinyChat, PICTURE } from '../support/tinyChat.ts';
import { type Answer, askStreaming } from './askStreaming.ts';
import { type ServerProcess, startServer } from './startServer.ts';

// How `casement serve` bears many clients: node test/tools/runTs.mjs test/load/serve.ts [seconds [clients]]. Builds the
// model of examples/chat, asks every question once while nobody else asks, then lets all clients ask and read streams
// for the given time, some of which leave half way. Fails for an error, for an answer that differs from that of the quiet
// server, for sessions that stay taken, and for memory that grows after a warm-up. Some go on with what they were answered.

const [seconds = 60, clients = 64] = process.argv.slice(2).map(Number);
const MIB = 2 ** 20;
/** Arenas, code and the heap take a while at full load to reach their size. */
const WARM_UP_SECONDS = 30;
/** Of every so many requests one is left half way. */
const LEAVE_EVERY = 10;
/** After one of so many answers the client goes on. */
const GO_ON_EVERY = 3;
/** What may be between two readings of a process that collects garbage when it likes. */
const MEMORY_SLACK = 48 * MIB;

const dir = await mkdtemp(join(tmpdir(), 'casement-load-'));
let server: ServerProcess | undefined;
try {
  const artifact = await buildTinyChat(dir, 'casa', 1024);
  server = await startServer(artifact, ['--threads', '1', '--sessions', String(clients), '--queue', String(clients)]);
  await load(server);
} finally {
  const code = await server?.stop();
  check(code === 0, `the server exited with ${code} on SIGTERM`);
  await rm(dir, { recursive: true, force: true });
}

async function load({ url, residentBytes }: ServerProcess): Promise<void> {
  const questions = await makeQuestions();
  const ask = (question: Question) => askStreaming(url, question, new AbortController().signal);
  const alone: Answer[] = [];
  const furtherAlone: Answer[] = [];
  for (const question of questions) {
    const answer = await ask(question);
    alone.push(answer);
    // Under another key, so that it is read anew.
    furtherAlone.push(await ask({ ...furtherOf(question, answer), prompt_cache_key: 'alone' }));
  }
  const begin = performance.now() + WARM_UP_SECONDS * 1000;
  const end = begin + seconds * 1000;
  const firstTokens: number[] = [];
  const memory: number[] = [];
  let [answers, tokens, left, asked, cached] = [0, 0, 0, 0, 0];
  const client = async () => {
    while (performance.now() < end) {
      const turn = asked++;
      const at = turn % questions.length;
      const [question, wanted, furtherWanted] = [questions[at], alone[at], furtherAlone[at]];
      if (!question || !wanted) return;
      if (turn % LEAVE_EVERY === 0) {
        const leave = AbortSignal.timeout(200);
        await askStreaming(url, question, leave).catch((error: unknown) => check(leave.aborted, String(error)));
        left += 1;
        continue;
      }
      const answer = await ask(question);
      check(answer.text === wanted.text && answer.tokens === wanted.tokens, `question ${turn} was answered otherwise`);
      if (turn % GO_ON_EVERY === 1) {
        const further = await ask(furtherOf(question, answer));
        check(further.text === furtherWanted?.text, `what followed question ${turn} was answered otherwise`);
        cached += further.cached;
      }
      if (performance.now() < begin) continue;
      answers += 1;
      tokens += answer.tokens;
      firstTokens.push(answer.firstTokenMilliseconds);
    }
  };
  const watch = setInterval(async () => memory.push(await residentBytes()), 1000);
  await Promise.all(Array.from({ length: clients }, client));
  clearInterval(watch);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const metrics = await (await fetch(`${url}/metrics`)).text();
  check(/^casement_sessions_busy 0$/m.test(metrics), 'sessions stay taken after all clients have left');
  const warm = memory.slice(WARM_UP_SECONDS);
  const [early, late] = [highest(warm.slice(0, warm.length / 3)), highest(warm.slice((-1 * warm.length) / 3))];
  check(late - early <= MEMORY_SLACK, `memory grew from ${mib(early)} to ${mib(late)}`);
  firstTokens.sort((a, b) => a - b);
  const quantile = (q: number) => `${Math.round(firstTokens[Math.floor(q * (firstTokens.length - 1))] ?? 0)} ms`;
  console.log(
    `${clients} clients, ${seconds} s: ${answers} answers as those of a quiet server, ${left} clients left half way`,
  );
  console.log(
    `${Math.round(tokens / seconds)} tokens/s, ${cached} of prompts were in the caches; first token ${quantile(0.5)} (median), ${quantile(0.99)} (99 %)`,
  );
  console.log(`memory: ${mib(early)} after warm-up, ${mib(late)} at the end`);
}

interface Question {
  readonly messages: readonly object[];
  readonly prompt_cache_key?: string;
}

/** The same conversation, one question later. */
function furtherOf(question: Question, { text }: Answer): Question {
  const said = { role: 'assistant', content: text };
  return { ...question, messages: [...question.messages, said, { role: 'user', content: 'And then?' }] };
}

/** Short and long, with and without a picture, greedy and drawn. */
async function makeQuestions(): Promise<Question[]> {
  const url = `data:image/png;base64,${await readFile(PICTURE, 'base64')}`;
  const picture = [
    { type: 'image_url', image_url: { url } },
    { type: 'text', text: 'What is this?' },
  ];
  const contents = ['Hello?', 'Why? '.repeat(30), 'Count to ten.', picture];
  return contents.flatMap((content, i) =>
    [0, 0.8].map((temperature) => ({
      model: 'casa_qwen2_5_vl',
      messages: [{ role: 'user', content }],
      // The model has random weights; of these tokens the text makes the same again, so that it can be gone on with.
      logit_bias: i % 2 === 1 ? { 274: 30, 702: 30, 653: 30, 300: 30 } : {},
      max_tokens: 16 + 8 * i,
      temperature,
      seed: i,
    })),
  );
}

function highest(values: readonly number[]): number {
  return Math.max(...values);
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

function check(holds: boolean, problem: string): void {
  if (holds) return;
  process.exitCode = 1;
  console.error(`FAILED: ${problem}`);
}
