import { notifications } from '@mantine/notifications';
import { explain } from '../api/problem';

/** Tells the reader what failed and what to do about it. */
export function notifyProblem(error: unknown) {
  const { title, advice } = explain(error);
  notifications.show({ color: 'red', title, message: advice, autoClose: 10_000, withBorder: true });
}

export function notifyDone(title: string, message = '') {
  notifications.show({ color: 'teal', title, message, autoClose: 4000, withBorder: true });
}
