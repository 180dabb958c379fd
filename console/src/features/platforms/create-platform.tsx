import { Switch, Textarea } from '@mantine/core';
import { CreateEntity } from '../../shared/entity-pages/create-entity';

const kStart = { description: '', enabled: true };

export function CreatePlatform(dialog: { opened: boolean; onClose: () => void }) {
  return (
    <CreateEntity type="platform" {...dialog} example="iOS app" initialValues={kStart} members={['description', 'enabled']} bodyOf={(values) => ({ ...values })}>
      {(form) => (
        <>
          <Textarea label="Description" placeholder="What it is, and who looks after it" autosize minRows={2} {...form.getInputProps('description')} />
          <Switch label="On from the start" color="teal" withThumbIndicator={false} {...form.getInputProps('enabled', { type: 'checkbox' })} />
        </>
      )}
    </CreateEntity>
  );
}
