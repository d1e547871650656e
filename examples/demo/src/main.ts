import { connect } from '@casement/session/worker';
import { captionList } from './captionList.ts';
import { costView } from './costView.ts';
import { element } from './element.ts';
import { factList } from './factList.ts';
import { loadingView } from './loadingView.ts';
import type { Handlers } from './messages.ts';
import { explain } from './problems.ts';
import { readSettings } from './settings.ts';
import { type SourceName, sourcePicker } from './sourcePicker.ts';
import type { FrameSource, Shown } from './sources/source.ts';

type ModelName = 'casa' | 'insertion';

const HINTS: Record<ModelName, string> = {
  casa:
    'Each image gets a window of its own, beside the text; the next one takes its place. What images cost stays the ' +
    'same, however long the stream is.',
  insertion:
    'Each image becomes tokens in the text and stays there. What they cost grows with every frame, until the scene ' +
    'ends, or the cache is full and the model must forget everything.',
};

const settings = readSettings(location.search);
const remote = connect<Handlers>(new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
const captions = captionList();
const costs = costView();
const loading = loadingView();
const facts = factList();
const problem = element('problem', HTMLParagraphElement);
const pause = element('pause', HTMLButtonElement);

let running: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
let model: ModelName = 'casa';
let resume = () => {};
let paused: Promise<void> | undefined;

/** Ends what runs, and begins anew with the chosen model and source. */
async function restart(openSource: () => Promise<FrameSource>): Promise<void> {
  running?.abort.abort();
  const before = running?.done;
  const abort = new AbortController();
  const done = (async () => {
    await before;
    if (!abort.signal.aborted) await run(openSource, abort.signal);
  })();
  running = { abort, done };
  await done;
}

async function run(openSource: () => Promise<FrameSource>, signal: AbortSignal): Promise<void> {
  let source: FrameSource | undefined;
  try {
    problem.hidden = true;
    captions.clear();
    costs.clear(model);
    element('model-hint', HTMLParagraphElement).textContent = HINTS[model];
    await load(model, signal);
    source = await openSource();
    await watch(source, signal);
  } catch (error) {
    if (!signal.aborted) showProblem(error);
  } finally {
    source?.stop();
    loading.hide();
  }
}

async function load(name: ModelName, signal: AbortSignal): Promise<void> {
  loading.start();
  for await (const step of remote.stream('open', new URL(`models/${name}`, document.baseURI).href, { signal })) {
    if (step.kind === 'ready') facts.show(step.facts);
    else loading.show(step.progress);
  }
  loading.hide();
}

async function watch(source: FrameSource, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined));
  });
  for (let frame = 1; ; frame++) {
    await Promise.race([paused, aborted]);
    const shown = await Promise.race([source.next(), aborted]);
    if (shown === undefined || signal.aborted) return;
    if (shown.anew) {
      await remote.call('reset', undefined);
      startOver('A new scene: the model has forgotten the one before.');
    }
    await caption(shown);
    if (frame === settings.frames) setPaused(true);
  }
}

async function caption({ frame, truth }: Shown): Promise<void> {
  const entry = captions.begin(frame);
  for await (const step of remote.stream('caption', frame)) {
    if (step.kind === 'text') entry.append(step.text);
    else if (step.kind === 'end') {
      costs.add(model, step.cost);
      entry.end(truth);
    } else startOver('The cache was full: the model has forgotten everything and starts over.');
  }
}

function startOver(why: string): void {
  captions.note(why);
  costs.clear(model);
}

function showProblem(error: unknown): void {
  problem.textContent = explain(error);
  problem.hidden = false;
}

function setPaused(value: boolean): void {
  pause.setAttribute('aria-pressed', String(value));
  pause.textContent = value ? 'Continue' : 'Pause';
  resume();
  paused = value
    ? new Promise((resolve) => {
        resume = resolve;
      })
    : undefined;
}

const picker = sourcePicker(settings, {
  begin: (openSource, _: SourceName) => {
    setPaused(false);
    void restart(openSource);
  },
  fail: showProblem,
});

pause.addEventListener('click', () => setPaused(paused === undefined));
for (const choice of document.querySelectorAll<HTMLInputElement>('input[name=model]')) {
  choice.addEventListener('change', () => {
    model = choice.value === 'insertion' ? 'insertion' : 'casa';
    picker.again();
  });
}
// A page that is left may be kept, asleep, to come back fast; it must not keep GPU memory meanwhile.
addEventListener('pagehide', () => {
  running?.abort.abort();
  remote.call('close', undefined).catch(() => {}); // there is nobody left to tell
});
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) picker.again();
});
picker.again();
