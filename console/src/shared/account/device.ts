// A name for a session from the User-Agent of its login: "Firefox on Windows". Good enough to know one's own again.
const kBrowsers: [RegExp, string][] = [
  [/\bEdg(?:A|iOS)?\//, 'Edge'], [/\bOPR\//, 'Opera'], [/\bSamsungBrowser\//, 'Samsung Internet'], [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:HeadlessChrome|Chromium|Chrome|CriOS)\//, 'Chrome'], [/\bVersion\/\S+ .*Safari\//, 'Safari'],
];
const kSystems: [RegExp, string][] = [
  [/\bWindows\b/, 'Windows'], [/\b(?:iPhone|iPad|iPod)\b/, 'iOS'], [/\bMac OS X\b/, 'macOS'], [/\bAndroid\b/, 'Android'], [/\bCrOS\b/, 'ChromeOS'], [/\bLinux\b/, 'Linux'],
];

export function deviceName(userAgent: string): string {
  const text = userAgent.trim();
  if (!text) return 'not named';
  const browser = kBrowsers.find(([pattern]) => pattern.test(text))?.[1];
  const system = kSystems.find(([pattern]) => pattern.test(text))?.[1];
  if (browser) return system ? `${browser} on ${system}` : browser;
  return text.split(/[\s;(]/)[0]!.slice(0, 60); // a program: `curl/8.5.0`
}

/** It is a phone or a tablet. */
export const isHandheld = (userAgent: string) => /\b(?:Mobile|Android|iPhone|iPad)\b/.test(userAgent);
