import { Group, Modal, type ModalProps } from '@mantine/core';
import { useEffect, useRef, type ReactNode } from 'react';
import classes from './dialog.module.css';

const kAfterTheTrap = 20; // ms; Mantine gives the focus back after 10, where it knows the place

/** Mantine's Modal. It gives the focus back to the control that opened it, also when it is open from its first render or leaves the page
 *  without being closed: Mantine looks at changes of `opened` alone. */
export function Dialog({ opened, ...props }: ModalProps) {
  const root = useRef<HTMLDivElement>(null);
  const before = useRef<Element | null>(null);
  const wasOpened = useRef(false);
  // While it renders, because a field with `autoFocus` has the focus before any effect runs.
  if (opened && !wasOpened.current) before.current = document.activeElement;
  wasOpened.current = opened;
  useEffect(() => {
    if (!opened) return undefined;
    const opener = before.current;
    return () => void setTimeout(() => {
      const now = document.activeElement;
      const isLost = now === null || now === document.body || root.current?.contains(now);
      if (isLost && opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
    }, kAfterTheTrap);
  }, [opened]);
  return <Modal ref={root} opened={opened} {...props} />;
}

/** The buttons of a dialog, at its end. They stay in sight while it scrolls. */
export function DialogFoot({ children }: { children: ReactNode }) {
  return <Group justify="flex-end" gap="xs" className={classes['foot']!}>{children}</Group>;
}
