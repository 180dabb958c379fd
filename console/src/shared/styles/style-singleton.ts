// Takes the place of the package of that name, which Mantine's scroll lock uses: see vite.config.ts.
import { useLayoutEffect } from 'react';
import { adoptShared } from './sheets';

export const styleHookSingleton = () => (css: string) => useLayoutEffect(() => adoptShared(css), [css]);

export function styleSingleton() {
  const useStyle = styleHookSingleton();
  return function Sheet({ styles }: { styles: string; dynamic?: boolean }) {
    useStyle(styles);
    return null;
  };
}
