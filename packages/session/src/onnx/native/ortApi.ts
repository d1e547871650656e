import koffi, { type KoffiFunc } from 'koffi';

/** A pointer of the library. */
export type Pointer = object;

/** A version of the C API that has everything used here; libraries keep all older ones. */
const API_VERSION = 20;

/** ONNX Runtime's ORTCHAR_T: paths are UTF-16 on Windows. */
const PATH = process.platform === 'win32' ? 'str16' : 'str';

/** Places in `OrtApi`, a struct of functions that only ever grows at its end (onnxruntime_c_api.h). */
const FUNCTIONS = {
  getErrorMessage: [2, 'str', ['void *']],
  createEnv: [3, 'void *', ['int', 'str', '_Out_ void **']],
  createSession: [7, 'void *', ['void *', PATH, 'void *', '_Out_ void **']],
  run: [
    9,
    'void *',
    ['void *', 'void *', 'const char **', 'void **', 'size_t', 'const char **', 'size_t', '_Inout_ void **'],
  ],
  createSessionOptions: [10, 'void *', ['_Out_ void **']],
  setLogSeverity: [22, 'void *', ['void *', 'int']],
  setThreads: [24, 'void *', ['void *', 'int']],
  inputCount: [30, 'void *', ['void *', '_Out_ size_t *']],
  outputCount: [31, 'void *', ['void *', '_Out_ size_t *']],
  inputType: [33, 'void *', ['void *', 'size_t', '_Out_ void **']],
  inputName: [36, 'void *', ['void *', 'size_t', 'void *', '_Out_ void **']],
  outputName: [37, 'void *', ['void *', 'size_t', 'void *', '_Out_ void **']],
  createTensor: [49, 'void *', ['void *', 'void *', 'size_t', 'int64_t *', 'size_t', 'int', '_Out_ void **']],
  tensorData: [51, 'void *', ['void *', '_Out_ void **']],
  tensorTypeOf: [55, 'void *', ['void *', '_Out_ void **']],
  elementType: [60, 'void *', ['void *', '_Out_ int *']],
  rank: [61, 'void *', ['void *', '_Out_ size_t *']],
  dims: [62, 'void *', ['void *', '_Out_ int64_t *', 'size_t']],
  typeAndShape: [65, 'void *', ['void *', '_Out_ void **']],
  createCpuMemoryInfo: [69, 'void *', ['int', 'int', '_Out_ void **']],
  freeByAllocator: [76, 'void *', ['void *', 'void *']],
  defaultAllocator: [78, 'void *', ['_Out_ void **']],
  releaseEnv: [92, 'void', ['void *']],
  releaseStatus: [93, 'void', ['void *']],
  releaseMemoryInfo: [94, 'void', ['void *']],
  releaseSession: [95, 'void', ['void *']],
  releaseValue: [96, 'void', ['void *']],
  releaseTypeInfo: [98, 'void', ['void *']],
  releaseTypeAndShape: [99, 'void', ['void *']],
  releaseSessionOptions: [100, 'void', ['void *']],
  addConfigEntry: [130, 'void *', ['void *', 'str', 'str']],
} as const;

type Name = keyof typeof FUNCTIONS;

/** Made once, since koffi keeps every prototype for as long as the process lives. */
const GET_API = koffi.proto('void *', ['uint32_t']);
const PROTOTYPES = Object.entries(FUNCTIONS).map(([name, [index, result, types]]) => {
  return { name: name as Name, index, type: koffi.proto(result, [...types]) }; // the names are those of the table above
});

type NativeFunction = KoffiFunc<(...args: unknown[]) => unknown>;

/** Functions of ONNX Runtime's C API. Those that return a status throw its message. */
export class OrtApi {
  private readonly functions: ReadonlyMap<Name, NativeFunction>;

  /** Throws when the file is no library of ONNX Runtime. */
  constructor(library: string) {
    const base: unknown = koffi.load(library).func('OrtGetApiBase', 'void *', [])();
    const [getApi]: unknown[] = koffi.decode(base, 'void *', 1);
    const api: unknown = koffi.decode(getApi, GET_API)(API_VERSION);
    const size = Math.max(...PROTOTYPES.map(({ index }) => index)) + 1;
    const table: unknown[] = koffi.decode(api, 'void *', size);
    this.functions = new Map(PROTOTYPES.map(({ name, index, type }) => [name, koffi.decode(table[index], type)]));
  }

  /** Calls a function whose result is a status. */
  call(name: Name, ...args: readonly unknown[]): void {
    this.check(this.get(name)(...args));
  }

  /** The same with one more argument behind the others, through which the function returns a value. */
  read<T>(name: Name, ...args: readonly unknown[]): T {
    const out: T[] = [];
    out.length = 1;
    this.call(name, ...args, out);
    const [value] = out;
    if (value === undefined || value === null) throw new Error(`ONNX Runtime gave nothing for ${name}`);
    return value;
  }

  /** Calls a function on another thread. */
  async callAside(name: Name, ...args: readonly unknown[]): Promise<void> {
    const status = await new Promise<unknown>((resolve, reject) => {
      this.get(name).async(...args, (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)));
    });
    this.check(status);
  }

  release(name: Name, pointer: Pointer): void {
    this.get(name)(pointer);
  }

  private check(status: unknown): void {
    if (!status) return;
    const message = String(this.get('getErrorMessage')(status));
    this.get('releaseStatus')(status);
    throw new Error(message);
  }

  private get(name: Name): NativeFunction {
    const found = this.functions.get(name);
    if (found === undefined) throw new Error(`ONNX Runtime has no function ${name}`);
    return found;
  }
}
