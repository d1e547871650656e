import { describe, expect, it } from 'vitest';
import { createSampler } from './sampler.ts';

const logits = Float32Array.of(0, 1, 2, -1, 1.5);

describe('greedy', () => {
  it('takes the likeliest and leaves the logits alone', () => {
    const sampler = createSampler({ repetitionPenalty: 2, logitBias: new Map([[3, 1]]) });
    const before = logits.slice();
    expect(sampler.choose(logits)).toBe(2);
    expect(logits).toEqual(before);
  });

  it('knows what was read', () => {
    const sampler = createSampler({ repetitionPenalty: 2 });
    sampler.read([2]);
    expect(sampler.choose(logits)).toBe(4);
    sampler.wrote(4);
    expect(sampler.choose(logits)).toBe(1);
  });

  it('takes off what was generated, not what was read: once, and for each time', () => {
    const sampler = createSampler({ presencePenalty: 0.25, frequencyPenalty: 0.125 });
    sampler.read([2, 2, 2, 2, 2]);
    const chosen = Array.from({ length: 6 }, () => {
      const token = sampler.choose(logits);
      sampler.wrote(token);
      return token;
    });
    // 2 is worth 2, 1.625, 1.5, 1.375, …, token 4 is worth 1.5, 1.125, …: of equals, the first.
    expect(chosen).toEqual([2, 2, 2, 4, 2, 2]);
  });

  it('names a token that the model has no logit for', () => {
    const biased = createSampler({ logitBias: new Map([[5, 1]]) });
    expect(() => biased.choose(logits)).toThrow('token 5 of logitBias is not in');
    const sampler = createSampler({ repetitionPenalty: 2 });
    sampler.read([1, 7]);
    expect(() => sampler.choose(logits)).toThrowErrorMatchingInlineSnapshot(
      `[InputError: token 7 of the history is not in the model's vocabulary of 5 tokens: it is another model's, or stands for an image; leave it out]`,
    );
  });

  it('counts the newest token at every choice, and forgets slowly', () => {
    const emaPenalty = { penalty: 1.15, decay: 0.5, maxCount: 5 };
    const sampler = createSampler({ emaPenalty });
    sampler.read([4, 2]);
    // Only the last of the prompt counts: 2 / 1.15 > 1.5.
    expect(sampler.choose(logits)).toBe(2);
    // Twice the newest: 1.5 times counted by now, 2 / 1.15^1.5 > 1.5.
    sampler.read([2]);
    expect(sampler.choose(logits)).toBe(2);
    const strong = createSampler({ emaPenalty: { ...emaPenalty, decay: 0.99 } });
    const chosen = Array.from({ length: 4 }, () => {
      const token = strong.choose(logits);
      strong.wrote(token);
      return token;
    });
    // Free at first, then 2 / 1.15^1 and 2 / 1.15^1.99 beat 1.5, 2 / 1.15^2.97 does not.
    expect(chosen).toEqual([2, 2, 2, 4]);
  });

  it('favours or hinders stop tokens, and exempts them from penalties', () => {
    expect(createSampler({ stopTokens: [4], stopBias: 1.5 }).choose(logits)).toBe(4);
    expect(createSampler({ stopTokens: [2], stopBias: 0.5 }).choose(logits)).toBe(4);
    const exempt = createSampler({ stopTokens: [2], emaPenalty: { penalty: 9, decay: 0.5, maxCount: 5 } });
    exempt.read([2]);
    expect(exempt.choose(logits)).toBe(2);
  });
});

describe('drawing', () => {
  const draw = (settings: Parameters<typeof createSampler>[0], count = 4000) => {
    const sampler = createSampler({ temperature: 1, ...settings });
    return Array.from({ length: count }, () => {
      const token = sampler.choose(logits);
      sampler.wrote(token);
      return token;
    });
  };

  it('follows the probabilities', () => {
    const weights = Array.from(logits, (logit) => Math.exp(logit / 0.7));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const drawn = draw({ temperature: 0.7 });
    weights.forEach((weight, token) => {
      const share = drawn.filter((id) => id === token).length / drawn.length;
      expect(Math.abs(share - weight / total)).toBeLessThan(0.02);
    });
  });

  it('repeats itself with the same seed only', () => {
    expect(draw({ seed: 5 }, 50)).toEqual(draw({ seed: 5 }, 50));
    expect(draw({ seed: 5 }, 50)).not.toEqual(draw({ seed: 6 }, 50));
  });

  it('draws from the likeliest only', () => {
    expect([...new Set(draw({ topK: 2 }))].sort()).toEqual([2, 4]);
    expect([...new Set(draw({ topP: 0.5 }))].sort()).toEqual([2, 4]);
    // Temperature comes first: sharp enough, one token alone has half of the probability.
    expect([...new Set(draw({ topP: 0.5, temperature: 0.3 }))]).toEqual([2]);
  });
});

it('says so when the model gives no numbers', () => {
  const broken = new Float32Array(3).fill(Number.NaN);
  expect(() => createSampler({}).choose(broken)).toThrow('no finite number among 3 logits');
  expect(() => createSampler({ temperature: 1 }).choose(broken)).toThrow('the model gave no numbers');
});
