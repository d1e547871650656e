// node main.js MODEL: runs one artifact on ONNX Runtime and with WebGPU, without the compiler.
import { pathToFileURL } from 'node:url';
import { fileSource, readManifest } from '@casement/runtime';
import { generate, Session } from '@casement/session';
import { onnxExecutor } from '@casement/session/onnx';
import { webgpuExecutor } from '@casement/session/webgpu';
import { acquireNodeGpu } from '@casement/session/webgpu-node';

const folder = process.argv[2] ?? 'model';
const source = fileSource(pathToFileURL(folder));
const signature = await readManifest(source);
const { onnx, webgpu } = signature.targets;

// SwiftShader, where the machine has no GPU.
const adapter = await (await acquireNodeGpu()).requestAdapter();
const executors = [
  await onnxExecutor({ signature, target: onnx, files: folder }),
  await webgpuExecutor({ signature, source, plan: webgpu.plan, weights: signature.weights, adapter }),
];

// What an image encoder would give: four image tokens.
const hidden = signature.entries.openWindow.inputs[0].shape.at(-1);
const data = Float32Array.from({ length: 4 * hidden }, (_, i) => Math.sin(i));

for (const executor of executors) {
  const session = new Session(executor);
  await session.showImage({ embeds: { dtype: 'f32', shape: [4, hidden], data } });
  await session.read([1, 2, 3]);
  process.stdout.write(`${executor.target}:`);
  for await (const { token } of generate(session, { maxTokens: 16 })) process.stdout.write(` ${token}`);
  process.stdout.write('\n');
  await executor.dispose();
}
