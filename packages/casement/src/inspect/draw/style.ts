export const LIGHT = `
  .name { font-weight: 600; fill: #1f2328; }
  .op { fill: #1f2328; }
  .param, .type { font-size: 11px; }
  .param { fill: #8250df; }
  .frame { fill: #8c959f; fill-opacity: 0.08; stroke: #8c959f; stroke-dasharray: 2 3; }
  .block { fill: #ddf4ff; stroke: #0969da; }
  .nodes { fill: #f6f8fa; stroke: #8c959f; }
  .input, .output { fill: #dafbe1; stroke: #1a7f37; }
  .state { fill: #fff8c5; stroke: #9a6700; stroke-dasharray: 5 3; }
  .arrow { fill: none; stroke-width: 1.5; }
  .flow-arrow { stroke: #57606a; } .flow-head { fill: #57606a; }
  .residual-arrow { stroke: #bc4c00; stroke-width: 2.5; } .residual-head { fill: #bc4c00; }
  .state-arrow { stroke: #9a6700; stroke-dasharray: 5 3; } .state-head { fill: #9a6700; }`;

export const DARK = `
    .name, .op { fill: #f0f6fc; }
    .param { fill: #bc8cff; }
    .frame { stroke: #656c76; }
    .block { fill: #121d2f; stroke: #58a6ff; }
    .nodes { fill: #151b23; stroke: #656c76; }
    .input, .output { fill: #12261e; stroke: #3fb950; }
    .state { fill: #272115; stroke: #d29922; }
    .flow-arrow { stroke: #9198a1; } .flow-head { fill: #9198a1; }
    .residual-arrow { stroke: #f0883e; } .residual-head { fill: #f0883e; }
    .state-arrow { stroke: #d29922; } .state-head { fill: #d29922; }`;
