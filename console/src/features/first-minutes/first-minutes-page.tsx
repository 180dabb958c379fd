import { Page } from '../../shared/ui/page';
import { Guide } from './guide';

export default function FirstMinutesPage() {
  return (
    <Page title="First minutes" description="Three steps: a flag, a client with a token, and a change that you see arrive. What you make here is real, and you can delete it later.">
      <Guide />
    </Page>
  );
}
