import type { Manifest } from '@casement/runtime';
import { Document } from 'yaml';
import { formatBytes } from '../format.ts';
import { stateBytes } from '../model/stateBytes.ts';

const GIB = 2 ** 30;

/** The KServe InferenceService that serves a model repository with Triton. */
export function inferenceService(manifest: Manifest, sequences: number): string {
  const name = kubernetesName(manifest.name);
  const states = stateBytes(manifest);
  // ONNX Runtime holds the weights in the host's memory while it loads them; the rest is Triton itself.
  const memory = `${Math.ceil((2 * manifest.weights.bytes) / GIB) + 4}Gi`;
  const limits = { cpu: '4', memory, 'nvidia.com/gpu': '1' };
  const probe = (path: string, periodSeconds: number, failureThreshold: number) => {
    return { httpGet: { path: `/v2/health/${path}`, port: 8080 }, periodSeconds, failureThreshold, timeoutSeconds: 5 };
  };
  const document = new Document(
    {
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: { name },
      spec: {
        predictor: {
          minReplicas: 1,
          maxReplicas: 1,
          model: {
            modelFormat: { name: 'triton' },
            runtime: 'kserve-tritonserver',
            protocolVersion: 'v2',
            storageUri: `pvc://models/${name}`,
            args: ['--exit-on-error=true', '--strict-readiness=true', '--exit-timeout-secs=30'],
            resources: { limits, requests: limits },
            startupProbe: probe('ready', 10, 60),
            readinessProbe: probe('ready', 5, 3),
            livenessProbe: probe('live', 10, 6),
          },
        },
      },
    },
    { aliasDuplicateObjects: false },
  );
  document.commentBefore = [
    ' Made by casement build --serve triton; copy the folder "models" to the volume that storageUri names.',
    ` GPU memory: ${formatBytes(manifest.weights.bytes)} of weights, and ${formatBytes(states)} for each of up to`,
    ` ${sequences} sequences. A sequence lives on one replica: to have several, route by sequence, or start several services.`,
  ].join('\n');
  return document.toString({ lineWidth: 0 });
}

/** Lower case, digits and hyphens: RFC 1123. */
function kubernetesName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
