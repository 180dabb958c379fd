import qrcode from 'qrcode-generator';
import { useMemo } from 'react';

const kQuiet = 4; // modules of white around the code, as the standard asks

/** A text as a QR code, dark on white in either scheme. Lazy, because few pages need it. */
export default function QrCode({ text, label, size = 184 }: { text: string; label: string; size?: number }) {
  const { path, width } = useMemo(() => {
    const code = qrcode(0, 'M');
    code.addData(text);
    code.make();
    const count = code.getModuleCount();
    let drawn = '';
    for (let row = 0; row < count; ++row)
      for (let column = 0; column < count; ++column) if (code.isDark(row, column)) drawn += `M${column + kQuiet} ${row + kQuiet}h1v1h-1z`;
    return { path: drawn, width: count + 2 * kQuiet };
  }, [text]);
  return (
    <svg viewBox={`0 0 ${width} ${width}`} width={size} height={size} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={width} height={width} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
