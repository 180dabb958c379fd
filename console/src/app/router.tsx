import { createRootRoute, createRoute, createRouter, Navigate, useParams } from '@tanstack/react-router';
import { lazy, Suspense, type ComponentType, type FunctionComponent } from 'react';
import { usePermission } from '../shared/auth/use-permission';
import type { PageRoute } from '../shared/registry';
import { Waiting } from '../shared/ui/states';
import { NotFound } from './not-found';
import { Locked, PageError } from './page-error';
import { navigation, pages, starts } from './pages';
import { Shell } from './shell/shell';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: PageError });

// A page is made again for another entity, so that nothing of the one before stays in its fields.
function Keyed({ Content }: { Content: ComponentType }) {
  const params: { [name: string]: string } = useParams({ strict: false });
  return <Content key={JSON.stringify(params)} />;
}

function componentOf(page: PageRoute) {
  const Content = lazy(page.load);
  const Open = () => <Suspense fallback={<Waiting />}><Keyed Content={Content} /></Suspense>;
  const { permission } = page;
  if (!permission) return Open;
  return function Guarded() {
    const { allowed, reason } = usePermission(permission);
    return allowed ? <Open /> : <Locked title={page.title} reason={reason} />;
  };
}

// The start page stands in what other features put around it, such as the first minutes.
function startOf(Content: FunctionComponent): FunctionComponent {
  return starts.map((load) => lazy(load)).reduce<FunctionComponent>((Inner, Start) => () => <Suspense fallback={<Waiting />}><Start><Inner /></Start></Suspense>, Content);
}

const home = navigation.find((page) => page.path === '/') ? [] : [
  createRoute({ getParentRoute: () => root, path: '/', component: startOf(() => <Navigate to={navigation[0]?.path ?? '/help'} replace />) }),
];
const routes = pages.map((page) =>
  createRoute({ getParentRoute: () => root, path: page.path, component: page.path === '/' ? startOf(componentOf(page)) : componentOf(page), errorComponent: PageError }),
);

export const router = createRouter({
  routeTree: root.addChildren([...home, ...routes]),
  defaultPreload: false,
  scrollRestoration: true,
  // Search parameters stay readable: `?q=dark&new=true`.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== null && value !== '');
    const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return text && `?${text}`;
  },
});
