#include "service/history/activity.hpp"

#include <algorithm>

#include "domain/schema/environment.hpp"
#include "domain/state/op_type.hpp"
#include "service/accounts/submit_write.hpp"
#include "service/history/activity_summary.hpp"
#include "service/history/undo.hpp"
#include "service/listing/listing.hpp"

namespace togglecast::service {
namespace {

using domain::Op;

// The bytes that an entry may still take.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t bytes) : left_(bytes) {}
  [[nodiscard]] bool take(const json::value& value) {
    const std::size_t size = json::serialize(value).size();
    if (size > left_) return false;
    left_ -= size;
    return true;
  }

 private:
  std::size_t left_;
};

// The members of `body` that `names` lists and that fit into `budget`; adds the others to `cut`.
json::object shown(const json::value& body, const std::vector<std::string>& names, ByteBudget& budget,
                   json::array& cut) {
  json::object out;
  for (const std::string& name : names) {
    const json::value* member = json::find(body, name);
    if (member == nullptr) continue;
    if (budget.take(*member)) {
      out[name] = *member;
    } else if (std::find(cut.begin(), cut.end(), json::value(name)) == cut.end()) {
      cut.emplace_back(name);
    }
  }
  return out;
}

json::object describe(const Op& op, ByteBudget& budget) {
  json::object out = domain::headline_of(op);
  const json::object nothing;
  const auto* was = op.before.if_object();
  const auto* is = op.after.if_object();
  const auto names = domain::changed_members(was == nullptr ? nothing : *was, is == nullptr ? nothing : *is);
  if (was != nullptr && is != nullptr) out["fields"] = json::array(names.begin(), names.end());
  json::array cut;
  out["before"] =
      op.before.is_null() ? json::value(nullptr) : json::value(shown(op.before, names, budget, cut));
  out["after"] = op.after.is_null() ? json::value(nullptr) : json::value(shown(op.after, names, budget, cut));
  if (!cut.empty()) out["cut"] = std::move(cut);
  return out;
}

Result<void> check_before(storage::Reader& reader, const std::string& environment,
                          const ActivityQuery& query) {
  if (!query.before_epoch) return {};
  const auto rows = reader.rows_before(environment, query.before + 1, 1);
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return {};
  const domain::Head& head = rows->front().head;
  const domain::NamedRevision named{query.before, query.before_epoch};
  return head.revision == query.before ? named.check(head.epoch) : Result<void>{};
}

}  // namespace

json::value activity_entry(const domain::LogRow& row, domain::Kinds readable, const domain::Snapshot* names) {
  const bool of_installation = row.environment == domain::kSystemEnvironment;
  if (of_installation) {  // no logins
    readable = readable.contains(domain::Kind::admin)
                   ? domain::Kinds{domain::Kind::admin, domain::Kind::environment, domain::Kind::api_key,
                                   domain::Kind::issuer, domain::Kind::settings}
                   : domain::Kinds{domain::Kind::environment};
  }
  std::vector<const Op*> ops;
  for (const Op& op : row.change.ops)
    if (readable.contains(op.entity)) ops.push_back(&op);
  if (ops.empty()) return nullptr;
  json::value actor = json::parse(row.actor_text).value_or(nullptr);
  json::object out;
  if (of_installation) out["environment"] = row.environment;
  out["revision"] = row.head.revision;
  out["epoch"] = row.head.epoch;
  out["timestamp"] = to_iso8601(row.head.as_of);
  out["summary"] = summary_of(actor, ops, names);
  out["source"] = json::string_or_empty(actor, "source");
  if (const json::value* undoes = json::find(actor, "undoes")) out["undoes"] = *undoes;
  out["actor"] = std::move(actor);
  json::array changes;
  ByteBudget budget(kMaxEntryBytes);
  const std::size_t shown_ops = std::min(ops.size(), kMaxEntryChanges);
  for (std::size_t i = 0; i < shown_ops; ++i) changes.push_back(describe(*ops[i], budget));
  out["changes"] = std::move(changes);
  if (shown_ops < ops.size()) out["more_changes"] = ops.size() - shown_ops;
  return out;
}

void ActivityService::page(const Principal& who, const ActivityQuery& query, ActivityDone done) {
  if (auto allowed = require(who, auth::Action::read_activity); !allowed)
    return done(tl::unexpected(allowed.error()));
  const domain::Kinds readable = auth::readable_kinds(who.role);
  if (query.kind && !readable.contains(*query.kind))
    return done(fail(Errc::forbidden, "the role " + std::string(domain::to_string(who.role.here())) +
                                          " may not read entities of this type"));
  ActivityQuery bounded = query;
  bounded.limit = std::clamp<std::size_t>(query.limit, 1, kMaxActivity);
  bounded.kinds = readable;
  const bool of_installation = query.kind && domain::kInstallationKinds.contains(*query.kind);
  const std::string environment = of_installation ? std::string(domain::kSystemEnvironment) : who.environment;
  const bool taken = reader_.submit([this, environment, bounded, readable, done](storage::Reader& reader) {
    if (auto ok = check_before(reader, environment, bounded); !ok) return done(tl::unexpected(ok.error()));
    const auto found = reader.log_page(environment, bounded);
    if (!found) return done(tl::unexpected(found.error()));
    const auto names = model_.current(environment);
    ActivityPage page;
    page.next = found->next;
    std::size_t bytes = 0;
    for (const domain::LogRow& row : found->rows) {
      if (bytes >= kPageBytes) break;
      page.entries.push_back(activity_entry(row, readable, names.get()));
      page.next = row.head.revision;
      bytes += json::serialize(page.entries.back()).size();
    }
    if (page.entries.size() == found->rows.size()) page.next = found->next;
    if (page.next == 0) {
      const auto kept = reader.kept_log(environment, {});
      if (!kept) return done(tl::unexpected(kept.error()));
      if (!kept->is_whole())
        page.kept_since = {{"revision", kept->oldest()}, {"timestamp", to_iso8601(kept->oldest_at)}};
    }
    done(std::move(page));
  });
  if (!taken) done(changes::busy("too many requests are reading the log; try again"));
}

void ActivityService::undo(const Principal& who, const domain::Version& version, const WriteOptions& options,
                           UndoDone done) {
  if (auto allowed = require(who, auth::Action::undo_changes); !allowed)
    return done(tl::unexpected(allowed.error()));
  auto idempotency = idempotency_of(who, options, "undo " + domain::to_string(version), nullptr);
  if (!idempotency) return done(tl::unexpected(idempotency.error()));
  json::object actor = actor_of(who, options);
  actor["undoes"] = version.revision;
  committer_.submit({who.environment, std::move(actor), std::move(*idempotency), build_undo(who, version)},
                    [this, who, done = std::move(done)](Result<changes::Written> written) {
                      if (!written) return done(tl::unexpected(written.error()));
                      answer_undone(who, *written, done);
                    });
}

void ActivityService::answer_undone(const Principal& who, const changes::Written& written,
                                    const UndoDone& done) {
  const bool taken = reader_.submit(
      [this, who, revision = written.revision, replayed = written.replayed, done](storage::Reader& reader) {
        const auto rows = reader.rows_before(who.environment, revision + 1, 1);
        if (!rows) return done(tl::unexpected(rows.error()));
        const auto names = model_.current(who.environment);
        Undone undone{nullptr, revision, replayed};
        if (!rows->empty())
          undone.entry = activity_entry(rows->front(), auth::readable_kinds(who.role), names.get());
        done(std::move(undone));
      });
  if (!taken)
    done(Undone{nullptr, written.revision, written.replayed});  // committed; only the entry is missing
}

}  // namespace togglecast::service
