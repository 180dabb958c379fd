import { Button } from '@mantine/core';
import { IconMapQuestion } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Page } from '../shared/ui/page';
import { EmptyState } from '../shared/ui/states';

export function NotFound() {
  return (
    <Page title="Not found">
      <EmptyState icon={IconMapQuestion} title="There is no page at this address" action={<Button component={Link} to="/" variant="light">Go to the start</Button>}>
        The link may be old or mistyped. Ctrl+K searches all pages and entities.
      </EmptyState>
    </Page>
  );
}
