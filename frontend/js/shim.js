// What ECharts expects of a browser and a bare JavaScript engine does not have.
globalThis.window = globalThis;
globalThis.self = globalThis;
globalThis.setTimeout ??= () => 0;
globalThis.clearTimeout ??= () => {};
