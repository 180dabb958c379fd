// Every event of the namespace /admin, as docs/protocol.md defines it. Entities are as REST shows them.
import type { components, paths } from './rest.js';

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
  actor: Schemas['ActivityEntry']['actor'] | null;
  /** `system` with admins and their sessions. */
  environment?: 'system';
}

export interface Message {
  id: string;
  title: string;
  message: string;
  level: Level;
  timestamp: string;
  data?: Json;
  ack?: 'client' | 'connection';
  expires_at?: string;
}

export interface RolloutProgress extends Position, Omit<Schemas['RolloutNumbers'], 'open'> {
  entity_type: string;
  entity_id: number;
  done: boolean;
  timestamp: string;
}

/** An admin has `admin`, an API key `machine`. */
export type Connected = Beginning & { environment: string } & (
  | { admin: Schemas['User']; machine?: never }
  | { machine: { id: number; name: string; scopes: Schemas['Scope'][] }; admin?: never }
);
type Beginning = Position & { server_time: string };

export interface ConfigStatus extends Position {
  up_to_date: boolean;
  reload?: boolean;
}

export interface SystemStatus {
  status: Health;
  message: string;
  components: { [name: string]: Health };
  timestamp: string;
}

type Entity = { entity_type: string; entity_id: number };
export type Presence = 'viewing' | 'editing';
export type EntitySubscribed = Entity & Position & { state: Presence; data: Open; environment?: 'system' };
export type ActivityFeed = paths['/api/v1/activity']['get']['responses'][200]['content']['application/json'];
export type AnnouncementSent = { id: string; recipients: number; nodes?: Schemas['CountedNodes'] };
export type DashboardSubscribed = { resolution: '1s'; series: Schemas['DashboardSeries'][] };
/** The newest values of the dashboard; `total` and `values` have a list for each series, with a value for each time. */
export type DashboardTick = Omit<Schemas['DashboardHistory'], 'series'>;
export type AssetBytes = { sha256: string; type: string; size: number; bytes: ArrayBuffer | Uint8Array };
type Open = { [member: string]: Json };

type Rates = { [name in 'events' | 'commits' | 'deliveries' | 'messages']: { total: number; last_minute: number; per_second: number } };
type Store = { status: 'ok' | 'failing'; reason?: string };
type Heartbeats = { answers: number; round_trip_ms: { p50: number; p90: number; p99: number } | null };
type Sums = { count: number; sum: number; min: number; max: number; last_at: string };
type Counts<Members extends string> = { [name in Members]: number };

export interface DashboardUpdate extends Position {
  environment: string;
  server_time: string;
  counts: {
    platforms: Counts<'total' | 'enabled'>;
    features: Counts<'total' | 'enabled'>;
    segments: Counts<'total'>;
    packages: Counts<'total' | 'available'>;
    clients: Counts<'total' | 'active'>;
  };
  connections: Schemas['ConnectionCounts'];
  nodes: number;
  rates: Rates;
  changes: Schemas['ActivityEntry'][];
  changes_next?: number;
  store: Store;
  heartbeats: Heartbeats;
  system_status: SystemStatus;
  client_metrics: (Sums & { name: string; series: number; by_client: (Sums & { client_id: number; labels: { [name: string]: string }; last: number })[] })[];
  client_metrics_missing?: string[];
}

export interface SystemMetrics {
  server_time: string;
  process: Counts<'resident_bytes' | 'cpu_seconds' | 'open_fds' | 'max_fds' | 'uptime_seconds' | 'shards'>;
  connections: Schemas['ConnectionCounts'] & Counts<'open' | 'opened_total' | 'tcp'> & { heartbeats: Heartbeats };
  messages: Counts<'received_total' | 'sent_total' | 'received_bytes_total' | 'sent_bytes_total'> & { rates: Rates };
  lag: Counts<'shard' | 'lag_ms' | 'max_lag_ms'>[];
  store: Store;
  bus: Schemas['Bus'];
  nodes: Schemas['Node'][];
  system_status: SystemStatus;
}

type Told<Reply> = (reply: Reply | Refusal) => void;

/** What the server sends. Configuration carries its offset as one more argument. */
export interface AdminServerEvents {
  admin_connected: (start: Connected | Refusal, offset?: string) => void;
  admin_resumed: (at: Beginning, offset?: string) => void;
  platform_update: (update: Update<Schemas['Platform']> & { platform_id: number }, offset?: string) => void;
  feature_update: (update: Update<Schemas['Feature']> & { feature_id: number }, offset?: string) => void;
  package_update: (update: Update<Schemas['Package']> & { package_id: number }, offset?: string) => void;
  entity_update: (update: Update<{ [member: string]: Json }> & { entity_type: EntityType; entity_id: number }, offset?: string) => void;
  config_sync: (sync: Position & { reason: string }, offset?: string) => void;
  config_status: (status: ConfigStatus | Refusal, offset?: string) => void;
  announcement: (message: Message, acknowledge?: () => void) => void;
  admin_notification: (message: Message, acknowledge?: () => void) => void;
  system_status: (status: SystemStatus) => void;
  activity: (entry: Schemas['ActivityEntry']) => void;
  entity_presence: (presence: { entity_type: string; entity_id: number; viewers: { id: number; username: string; state: Presence }[]; timestamp: string }) => void;
  dashboard_tick: (tick: DashboardTick) => void;
  rollout_progress: (progress: RolloutProgress) => void;
  token_expiring: (soon: { expires_at: string }) => void;
  session_ended: (end: { reason: string; message: string; timestamp: string }) => void;
  // Answers to requests that ask for no acknowledgement.
  asset: Told<AssetBytes>;
  dashboard_update: Told<DashboardUpdate>;
  activity_feed: Told<ActivityFeed>;
  system_metrics: Told<SystemMetrics>;
  dashboard_subscribed: Told<DashboardSubscribed>;
  dashboard_unsubscribed: Told<{ unsubscribed: boolean }>;
  entity_subscribed: Told<EntitySubscribed>;
  entity_unsubscribed: Told<Entity>;
  announcement_sent: Told<AnnouncementSent>;
  message_acknowledged: Told<{ id: string }>;
}

type Ask<Request, Reply> = (request: Request, answer: (reply: Reply | Refusal) => void) => void;
type Nothing = { [member: string]: never };

/** What the server understands, with an acknowledgement. */
export interface AdminClientEvents {
  admin_connect: Ask<{ token: string }, Connected>;
  config_check: Ask<Partial<Position>, ConfigStatus>;
  request_dashboard_update: Ask<Nothing, DashboardUpdate>;
  request_activity_feed: Ask<{ limit?: number; before?: number; epoch?: number; entity_type?: string; entity_id?: number }, ActivityFeed>;
  request_system_metrics: Ask<Nothing, SystemMetrics>;
  subscribe_dashboard: Ask<Nothing, DashboardSubscribed>;
  unsubscribe_dashboard: Ask<Nothing, { unsubscribed: boolean }>;
  subscribe_entity_updates: Ask<Entity & { state?: Presence }, EntitySubscribed>;
  unsubscribe_entity_updates: Ask<Entity, Entity>;
  broadcast_announcement: Ask<
    {
      title: string; message: string; level?: Level; audience?: 'all' | 'admins' | 'clients' | { package: number } | { client: number };
      ack?: 'client' | 'connection'; ttl?: number; expires_at?: string; retry?: number; idempotency_key?: string;
    },
    AnnouncementSent
  >;
  message_ack: Ask<{ id: string }, { id: string }>;
  asset_get: Ask<{ sha256: string }, AssetBytes>;
}

type RequestOf<Event> = Event extends (request: infer Request, answer: never) => void ? ({} extends Request ? [request?: Request] : [request: Request]) : never;

/** The same without one: the answer comes as an event of AdminServerEvents. */
export interface Unacknowledged<Events> {
  emit<Name extends keyof Events & string>(name: Name, ...request: RequestOf<Events[Name]>): this;
}
