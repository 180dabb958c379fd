// Every event of the namespace /client, as docs/protocol.md defines it.

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };
export type JsonObject = { [name: string]: JsonValue };

/** What a connection says about itself, for targeting. At most 4 KiB as JSON and 5 levels. */
export type Context = JsonObject;

export type Reason = 'STATIC' | 'DEFAULT' | 'TARGETING_MATCH' | 'SPLIT' | 'DISABLED' | 'ERROR';
export type Rule =
  | 'client_inactive' | 'feature_disabled' | 'platform_off' | 'parent_off' | 'required_feature_off' | 'override'
  | 'not_in_package' | 'platform_not_in_package' | 'targeting' | 'default_variant';

export interface AssetReference {
  asset: true;
  sha256: string;
  size: number;
  type: string;
}

/** The decision about one flag. */
export interface Answer {
  key: string;
  enabled: boolean;
  value: JsonValue;
  variant: string | null;
  reason: Reason;
  rule: Rule;
}

export interface Feature extends Answer {
  id: number;
  name: string;
  limit?: number;
  sub_features: { [key: string]: Answer };
  assets?: { [name: string]: AssetReference };
}

export interface Platform {
  id: number;
  key: string;
  name: string;
  enabled: boolean;
  config: JsonObject;
  assets?: { [name: string]: AssetReference };
}

/** The package that the client is on. */
export interface Plan {
  id: number;
  key: string;
  name: string;
  description?: string;
  price?: { amount: number; currency: string };
  billing_period?: string;
  available: boolean;
  features: { feature_id: number; limit?: number; sub_features?: string[] }[];
  platforms: number[];
}

/** The client that the token is for. */
export interface Identity {
  id: number;
  key: string;
  name: string;
  active: boolean;
  attributes: JsonObject;
}

/** All that a client sees, as of one revision. */
export interface View {
  client: Identity;
  package: Plan | null;
  features: Feature[];
  platforms: Platform[];
}

export interface Position {
  revision: number;
  epoch: number;
}

export interface Problem {
  code: string;
  message: string;
  details?: { pointer: string; reason: string }[];
  retry_after_ms?: number;
}
export type Refusal = { error: Problem };

export type FullState = View & Position & { server_time: string; warnings?: { pointer: string; reason: string }[] };

export type UpdateType = 'create' | 'update' | 'toggle' | 'delete';
interface UpdateOf<Data> extends Position {
  type: UpdateType;
  data: Data | null;
  timestamp: string;
  more: boolean;
}
export interface PlatformUpdate extends UpdateOf<Platform> {
  platform_id: number;
}
export interface FeatureUpdate extends UpdateOf<Feature> {
  feature_id: number;
}
export interface PackageUpdate extends UpdateOf<Plan> {
  package_id: number;
}
export type ClientUpdate = UpdateOf<Identity>;

export interface ConfigSync extends Position {
  reason: string;
  snapshot: View;
}

export interface ConfigStatus extends Position {
  up_to_date: boolean;
}

export type Level = 'info' | 'success' | 'warning' | 'error';
export interface Message {
  id: string;
  title: string;
  message: string;
  level: Level;
  timestamp: string;
  data?: JsonValue;
  ack?: 'client' | 'connection';
  expires_at?: string;
}

export interface SystemStatus {
  status: 'ok' | 'degraded' | 'maintenance';
  message: string;
  components: { [name: string]: 'ok' | 'degraded' | 'maintenance' };
  timestamp: string;
}

export interface SessionEnded {
  reason: string;
  message: string;
  timestamp: string;
}

type Told<Reply> = (reply: Reply | Refusal) => void;

/** What the server sends. Configuration carries its offset as one more argument. */
export interface ServerEvents {
  client_connected: (state: FullState | Refusal, offset?: string) => void;
  client_resumed: (at: Position & { server_time: string }, offset?: string) => void;
  config_sync: (sync: ConfigSync, offset?: string) => void;
  config_status: (status: ConfigStatus | Refusal, offset?: string) => void;
  client_update: (update: ClientUpdate, offset?: string) => void;
  platform_update: (update: PlatformUpdate, offset?: string) => void;
  feature_update: (update: FeatureUpdate, offset?: string) => void;
  package_update: (update: PackageUpdate, offset?: string) => void;
  announcement: (message: Message, acknowledge?: () => void) => void;
  client_notification: (message: Message, acknowledge?: () => void) => void;
  system_status: (status: SystemStatus) => void;
  token_expiring: (soon: { expires_at: string }) => void;
  session_ended: (end: SessionEnded) => void;
  // Answers to requests that ask for no acknowledgement.
  asset: Told<AssetBytes>;
  feature_status: Told<FeatureStatus>;
  metrics_accepted: Told<MetricsAccepted>;
  heartbeat_ack: Told<Heartbeat>;
  message_acknowledged: Told<{ id: string }>;
}

export interface Metric {
  name: string;
  value: number;
  labels?: { [name: string]: string };
  at?: string;
}
export interface MetricsAccepted {
  accepted: number;
  dropped: number;
}

export interface AssetBytes {
  sha256: string;
  type: string;
  size: number;
  bytes: ArrayBuffer | Uint8Array;
}

/** `limit`, `name` and `sub_features` are those of a feature; a sub-feature has the id of its feature. */
export type FeatureStatus = Answer & { id: number; revision: number } & Partial<Pick<Feature, 'limit' | 'name' | 'sub_features'>>;

export interface Heartbeat {
  server_time: string;
  revision: number;
}

type Ask<Request, Reply> = (request: Request, answer: (reply: Reply | Refusal) => void) => void;

/** What the server understands, with an acknowledgement. */
export interface ClientEvents {
  client_connect: Ask<{ token?: string; context?: Context | null }, FullState>;
  config_check: Ask<Partial<Position>, ConfigStatus>;
  config_ack: Ask<{ revision: number; epoch?: number }, { revision: number }>;
  heartbeat: Ask<Partial<Position>, Heartbeat>;
  feature_check: Ask<{ feature: string | number; sub_feature?: string; context?: Context }, FeatureStatus>;
  report_metrics: Ask<{ metrics: Metric[]; idempotency_key?: string }, MetricsAccepted>;
  message_ack: Ask<{ id: string }, { id: string }>;
  asset_get: Ask<{ sha256: string }, AssetBytes>;
}

type RequestOf<Event> = Event extends (request: infer Request, answer: never) => void ? ({} extends Request ? [request?: Request] : [request: Request]) : never;

/** The same without one: the answer comes as an event of ServerEvents. */
export interface Unacknowledged<Events> {
  emit<Name extends keyof Events & string>(name: Name, ...request: RequestOf<Events[Name]>): this;
}
