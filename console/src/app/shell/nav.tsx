import { Link, useNavigate } from '@tanstack/react-router';
import { kNavGroups, type PageRoute } from '../../shared/registry';
import { useShortcut } from '../../shared/shortcuts';
import { navigation } from '../pages';
import classes from './shell.module.css';

/** The pages by group. */
export function Nav({ onGo }: { onGo?: () => void }) {
  return (
    <nav aria-label="Pages">
      {kNavGroups.map((group) => {
        const pages = navigation.filter((page) => page.nav.group === group);
        if (pages.length === 0) return null;
        return (
          <div key={group} role="group" aria-label={group}>
            {group !== 'Overview' && <div className={classes['group']} aria-hidden="true">{group}</div>}
            {pages.map(({ path, title, nav: { icon: Mark } }) => (
              <Link key={path} to={path} className={classes['link']} activeOptions={{ exact: path === '/', includeSearch: false }} onClick={onGo}>
                <Mark size={18} stroke={1.7} aria-hidden />{title}
              </Link>
            ))}
          </div>
        );
      })}
    </nav>
  );
}

/** `g` and a letter go to a page. */
export const NavShortcuts = () => navigation.map((page) => page.nav.letter && <Go key={page.path} page={page} letter={page.nav.letter} />);

function Go({ page, letter }: { page: PageRoute; letter: string }) {
  const navigate = useNavigate();
  useShortcut(`g ${letter}`, `Go to ${page.title}`, () => void navigate({ to: page.path }), 'Go to');
  return null;
}
