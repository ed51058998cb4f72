/** A file's text, as Vite gives it: a test in workerd has no file system. */
declare module "*?raw" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: Vite's
  export default text;
}
