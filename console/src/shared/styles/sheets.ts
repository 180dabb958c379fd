// Rules that only exist at run time, without a <style> element: the Content-Security-Policy of the server allows none.

/** Adds these rules to the page. The answer takes them away again. */
export function adopt(css: string): () => void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
  };
}

const shared = new Map<string, { users: number; remove: () => void }>();

/** The same for rules that many components use: they stand in the page once. */
export function adoptShared(css: string): () => void {
  const known = shared.get(css) ?? { users: 0, remove: adopt(css) };
  ++known.users;
  shared.set(css, known);
  return () => {
    if (--known.users > 0) return;
    known.remove();
    shared.delete(css);
  };
}
