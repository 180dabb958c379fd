import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './app/base.css';
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { adoptTheme } from './app/theme';
import { serverSessions } from './shared/auth/session-source';
import { Sessions } from './shared/auth/sessions';

adoptTheme();
const sessions = new Sessions(serverSessions());
void sessions.restore();
createRoot(document.getElementById('root')!).render(<App sessions={sessions} />);
