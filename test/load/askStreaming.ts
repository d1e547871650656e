export interface Answer {
  readonly text: string;
  readonly tokens: number;
  /** Of the prompt, those that were in the caches already. */
  readonly cached: number;
  readonly firstTokenMilliseconds: number;
}

/** Asks a server and reads the stream to its end. Throws for every answer but a complete one. */
export async function askStreaming(url: string, body: object, signal: AbortSignal, onText = () => {}): Promise<Answer> {
  const start = performance.now();
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
  let [text, tokens, cached, firstTokenMilliseconds, rest] = ['', 0, 0, Number.NaN, ''];
  const decoder = new TextDecoder();
  for await (const bytes of response.body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === 'data: [DONE]') return { text, tokens, cached, firstTokenMilliseconds };
      const event = JSON.parse(line.slice('data: '.length));
      if (event.error) throw new Error(JSON.stringify(event.error));
      if (Number.isNaN(firstTokenMilliseconds)) firstTokenMilliseconds = performance.now() - start;
      text += event.choices[0]?.delta.content ?? '';
      onText();
      tokens = event.usage?.completion_tokens ?? tokens;
      cached = event.usage?.prompt_tokens_details.cached_tokens ?? cached;
    }
  }
  throw new Error('the stream ended before [DONE]');
}
