// Every event of the namespace /admin, as docs/protocol.md defines it. Entities are as REST shows them.
import type { components } from './rest.js';

type Schemas = components['schemas'];
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type EntityType = Schemas['EntityType'];
export type Level = 'info' | 'success' | 'warning' | 'error';
export type Health = 'ok' | 'degraded' | 'maintenance';

export interface Position {
  revision: number;
  epoch: number;
}

export interface Refusal {
  error: { code: Schemas['ErrorCode']; message: string; details?: { pointer: string; reason: string }[]; retry_after_ms?: number };
}

export interface Update<Entity> extends Position {
  type: 'create' | 'update' | 'toggle' | 'delete';
  data: Entity | null;
  timestamp: string;
  more: boolean;
  /** Who made the change; null in a catch-up. */
  actor: { id: number; username: string } | null;
  /** `system` with admins and their sessions. */
  environment?: 'system';
}

export interface Message {
  id: string | number;
  title: string;
  message: string;
  level: Level;
  timestamp: string;
  data?: Json;
  ack?: 'client' | 'connection';
  expires_at?: string;
}

export interface RolloutProgress extends Position {
  entity_type: string;
  entity_id: number;
  connections: number;
  told: number;
  acknowledged: number;
  concerned: number;
  sent: number;
  received: number;
  applied: number;
  superseded: number;
  gone: number;
  resumed: number;
  done: boolean;
  timestamp: string;
}

type Beginning = Position & { server_time: string };

/** What the server sends. Configuration carries its offset as one more argument. */
export interface AdminServerEvents {
  admin_connected: (start: Beginning & { admin: Schemas['User']; environment: string }, offset?: string) => void;
  admin_resumed: (at: Beginning, offset?: string) => void;
  platform_update: (update: Update<Schemas['Platform']> & { platform_id: number }, offset?: string) => void;
  feature_update: (update: Update<Schemas['Feature']> & { feature_id: number }, offset?: string) => void;
  package_update: (update: Update<Schemas['Package']> & { package_id: number }, offset?: string) => void;
  entity_update: (update: Update<{ [member: string]: Json }> & { entity_type: EntityType; entity_id: number }, offset?: string) => void;
  config_sync: (sync: Position & { reason: string }, offset?: string) => void;
  config_status: (status: Position & { up_to_date: boolean; reload?: boolean }, offset?: string) => void;
  announcement: (message: Message, acknowledge?: () => void) => void;
  admin_notification: (message: Message, acknowledge?: () => void) => void;
  system_status: (status: { status: Health; message: string; components: { [name: string]: Health }; timestamp: string }) => void;
  activity: (entry: Schemas['ActivityEntry']) => void;
  entity_presence: (presence: { entity_type: string; entity_id: number; viewers: { id: number; username: string; state: Presence }[]; timestamp: string }) => void;
  dashboard_tick: (tick: DashboardTick) => void;
  rollout_progress: (progress: RolloutProgress) => void;
  token_expiring: (soon: { expires_at: string }) => void;
  session_ended: (end: { reason: string; message: string; timestamp: string }) => void;
}

type Ask<Request, Reply> = (request: Request, answer: (reply: Reply | Refusal) => void) => void;
type Entity = { entity_type: string; entity_id: number };
type Presence = 'viewing' | 'editing';
/** The newest values of the dashboard; `total` and `values` have a list for each series, with a value for each time. */
export type DashboardTick = Omit<Schemas['DashboardHistory'], 'series'>;
type Open = { [member: string]: Json };

/** What the server understands. */
export interface AdminClientEvents {
  admin_connect: Ask<{ token: string }, Beginning & { admin: Schemas['User']; environment: string }>;
  config_check: Ask<Partial<Position>, Position & { up_to_date: boolean; reload?: boolean }>;
  request_dashboard_update: Ask<Open, Open>;
  request_activity_feed: Ask<
    { limit?: number; before?: number; epoch?: number; entity_type?: string; entity_id?: number },
    { items: Schemas['ActivityEntry'][]; next?: number; kept_since?: number }
  >;
  request_system_metrics: Ask<Open, Open>;
  subscribe_dashboard: Ask<Open, { resolution: '1s'; series: Schemas['DashboardSeries'][] }>;
  unsubscribe_dashboard: Ask<Open, { unsubscribed: boolean }>;
  subscribe_entity_updates: Ask<Entity & { state?: Presence }, Entity & Position & { state: Presence; data: Open; environment?: 'system' }>;
  unsubscribe_entity_updates: Ask<Entity, Entity>;
  broadcast_announcement: Ask<
    {
      title: string; message: string; level?: Level; audience?: 'all' | 'admins' | 'clients' | { package: number } | { client: number };
      ack?: 'client' | 'connection'; ttl?: number; expires_at?: string; retry?: number; idempotency_key?: string;
    },
    { id: string | number; recipients: number }
  >;
  message_ack: Ask<{ id: string | number }, { id: string | number }>;
  asset_get: Ask<{ sha256: string }, { sha256: string; type: string; size: number; bytes: ArrayBuffer | Uint8Array }>;
}
