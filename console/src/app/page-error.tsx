import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { IconLock, IconMoodSad } from '@tabler/icons-react';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { Component, type ReactNode } from 'react';
import { Page } from '../shared/ui/page';
import { EmptyState } from '../shared/ui/states';

/** A page that failed. The rest of the console goes on. */
export function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <EmptyState icon={IconMoodSad} title="This page failed" action={<Group><Button onClick={reset}>Try again</Button><Button variant="default" onClick={() => window.location.reload()}>Reload the console</Button></Group>}>
      <Stack gap="xs">
        <Text size="sm">Nothing was lost: what you saved is saved. If it fails again, tell your administrator this:</Text>
        <Code block>{String(error)}</Code>
      </Stack>
    </EmptyState>
  );
}

/** A page that the reader's role does not open. */
export function Locked({ title, reason }: { title: string; reason: string }) {
  return <Page title={title}><EmptyState icon={IconLock} title="This page is closed to you">{reason}</EmptyState></Page>;
}

/** Around everything: when even the frame fails. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: undefined as unknown };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    if (this.state.error === undefined) return this.props.children;
    return (
      <main className="fatal">
        <h1>The console failed</h1>
        <p>Nothing was lost: what you saved is saved. Reload the page to go on.</p>
        <pre>{String(this.state.error)}</pre>
        <button type="button" onClick={() => window.location.reload()}>Reload</button>
      </main>
    );
  }
}
