#include "service/history/history.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "domain/state/op_type.hpp"
#include "domain/state/view.hpp"

namespace togglecast::service {
namespace {

using domain::Op;
using domain::Revision;
using domain::SnapshotPtr;

tl::unexpected<Error> too_busy() { return changes::busy("too many past states are being read; try again"); }

tl::unexpected<Error> row_is_missing() {
  return fail(Errc::internal,
              "a revision is missing from the change log; restore a backup of the data folder");
}

json::object head_of(const domain::Snapshot& state) {
  return {
      {"revision", state.revision()}, {"epoch", state.head().epoch}, {"as_of", to_iso8601(state.as_of())}};
}

json::object members(const json::value& body, const std::vector<std::string>& names) {
  json::object out;
  for (const std::string& name : names)
    if (const json::value* member = json::find(body, name)) out[name] = *member;
  return out;
}

// It was changed, and changed back.
bool differs_in_stamps_alone(const Op& op) {
  return op.before.is_object() && op.after.is_object() &&
         domain::changed_members(op.before.get_object(), op.after.get_object()).empty();
}

json::object describe(const Op& op, domain::UpdateType type) {
  json::object out = domain::headline_of(op);
  out["type"] = domain::to_string(type);  // two moments have any number of changes between them
  if (!op.before.is_object() || !op.after.is_object()) {
    out["before"] = op.before;
    out["after"] = op.after;
    return out;
  }
  const auto names = domain::changed_members(op.before.get_object(), op.after.get_object());
  out["fields"] = json::array(names.begin(), names.end());
  out["before"] = members(op.before, names);
  out["after"] = members(op.after, names);
  return out;
}

json::value differences(const domain::Snapshot& from, const domain::Snapshot& to, domain::Kinds readable) {
  json::array changes;
  for (domain::ViewUpdate& update : domain::diff_admin_view(from, to, readable, domain::Step::merged)) {
    const Op op{update.kind, update.id, from.body(update.kind, update.id), std::move(update.data)};
    if (!differs_in_stamps_alone(op)) changes.push_back(describe(op, update.type));
  }
  return json::object{{"from", head_of(from)}, {"to", head_of(to)}, {"changes", std::move(changes)}};
}

}  // namespace

// One computation: from `state` back to the revision `target`.
struct History::Walk {
  std::string environment;
  Revision target = 0;
  SnapshotPtr state;
  Revision reached = 0;                                               // everything after it is undone
  std::map<std::pair<domain::Kind, domain::Id>, json::value> bodies;  // as they were at `reached`
  Found found;
  std::atomic<std::size_t>& walking;

  Walk(std::string of, Revision to, SnapshotPtr from, Found then, std::atomic<std::size_t>& counter)
      : environment(std::move(of)),
        target(to),
        state(std::move(from)),
        reached(state->revision()),
        found(std::move(then)),
        walking(counter) {}
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  ~Walk() { --walking; }

  void undo(const domain::LogRow& row) {
    for (auto op = row.change.ops.rbegin(); op != row.change.ops.rend(); ++op)
      if (!domain::is_time_boundary(*op)) bodies[{op->entity, op->id}] = op->before;
    reached = row.head.revision - 1;
  }

  // Deletions come first: an entity created since may have the key of an entity that comes back.
  [[nodiscard]] Result<SnapshotPtr> arrive(const domain::Head& head) const {
    domain::Change change{state->revision(), {}};
    std::vector<Op> kept;
    for (const auto& [entity, body] : bodies) {
      Op op{entity.first, entity.second, state->body(entity.first, entity.second), body};
      if (json::canonical(op.before) == json::canonical(op.after)) continue;
      (op.after.is_null() ? change.ops : kept).push_back(std::move(op));
    }
    change.ops.insert(change.ops.end(), std::make_move_iterator(kept.begin()),
                      std::make_move_iterator(kept.end()));
    return domain::apply(*state, change, head);
  }
};

void History::submit(const Found& found, changes::StoreReader::Task task) {
  if (!reader_.submit(std::move(task))) found(too_busy());
}

void History::answer_from_worker(const Done& done, std::function<json::value()> make) {
  if (!workers_.submit([done, make = std::move(make)] { done(make()); })) done(too_busy());
}

void History::find(const std::string& environment, const Moment& at, Found found) {
  const auto current = model_.current(environment);
  if (at.revision)
    return find_revision(environment, at.revision->revision,
                         checked(environment, *at.revision, std::move(found)));
  if (!at.time) return find_revision(environment, current->revision(), std::move(found));
  if (*at.time > std::max(clock_.wall_now(), current->as_of()))
    return found(fail(Errc::invalid_argument,
                      to_iso8601(*at.time) + " is in the future; ask for a time that has passed"));
  submit(found, [this, environment, time = *at.time, found](storage::Reader& reader) {
    const auto revision = reader.revision_at(environment, time);
    if (!revision) return found(tl::unexpected(revision.error()));
    find_revision(environment, *revision, found);
  });
}

// A state with a later one behind it belongs to the epoch of its own row, and to those up to the next row: a
// history that parted from this one there had the same state.
History::Found History::checked(const std::string& environment, const domain::NamedRevision& named,
                                Found found) {
  if (!named.epoch) return found;
  return [this, environment, named, found = std::move(found)](Result<SnapshotPtr> state) {
    const std::int64_t epoch_now = model_.current(environment)->head().epoch;
    const bool does_not_exist =
        !state && state.error().code == Errc::not_found && state.error().details.empty();
    if (does_not_exist && *named.epoch != epoch_now)
      return found(tl::unexpected(domain::other_epoch(named, epoch_now)));
    if (!state || (*state)->head().epoch == *named.epoch) return found(std::move(state));
    submit(found, [environment, named, epoch_now, state = *state, found](storage::Reader& reader) {
      const auto rows = reader.rows_before(environment, named.revision + 2, 2);
      if (!rows) return found(tl::unexpected(rows.error()));
      std::int64_t first = 1;
      std::int64_t last = epoch_now;
      for (const domain::LogRow& row : *rows) {
        if (row.head.revision == named.revision) first = row.head.epoch;
        if (row.head.revision == named.revision + 1) last = row.head.epoch;
      }
      if (*named.epoch < first || *named.epoch > last)
        return found(tl::unexpected(domain::other_epoch(named, last)));
      found(state);
    });
  };
}

void History::find_revision(const std::string& environment, Revision revision, Found found) {
  auto nearest = model_.nearest(environment, revision);
  if (nearest == nullptr) {
    return found(fail(Errc::not_found, "there is no revision " + std::to_string(revision) +
                                           "; the newest is " +
                                           std::to_string(model_.current(environment)->revision())));
  }
  if (nearest->revision() == revision)  // answer on the reader's thread as always, never on a shard
    return submit(found, [nearest, found](storage::Reader&) { found(nearest); });
  const bool is_too_busy = walking_.fetch_add(1) >= options_.at_once;
  const auto state =
      std::make_shared<Walk>(environment, revision, std::move(nearest), std::move(found), walking_);
  if (is_too_busy) return state->found(too_busy());
  walk(state);
}

void History::walk(const std::shared_ptr<Walk>& walk) {
  submit(walk->found, [this, walk](storage::Reader& reader) {
    const auto kept = reader.kept_log(walk->environment, {});
    if (!kept) return walk->found(tl::unexpected(kept.error()));
    const domain::Head& oldest = kept->before;
    if (walk->target < oldest.revision)
      return walk->found(tl::unexpected(
          storage::no_longer_kept("revision " + std::to_string(walk->target), kept->oldest())));
    const auto rows = reader.rows_before(walk->environment, walk->reached + 1, options_.page);
    if (!rows) return walk->found(tl::unexpected(rows.error()));
    if (rows->empty())
      return walk->found(walk->reached == oldest.revision ? walk->arrive(oldest) : row_is_missing());
    for (const domain::LogRow& row : *rows) {
      if (row.head.revision != walk->reached) return walk->found(row_is_missing());
      if (row.head.revision == walk->target) return walk->found(walk->arrive(row.head));
      walk->undo(row);
    }
    if (walk->reached > oldest.revision) return this->walk(walk);
    if (walk->reached > 0) return walk->found(walk->arrive(oldest));
    domain::Head beginning;
    beginning.as_of = rows->back().head.as_of;
    walk->found(walk->arrive(beginning));
  });
}

void History::state(const Principal& who, const Moment& at, Done done) {
  if (auto allowed = require(who, auth::Action::read_catalogue); !allowed)
    return done(tl::unexpected(allowed.error()));
  find(who.environment, at,
       [this, readable = auth::readable_kinds(who.role), done](Result<SnapshotPtr> found) {
         if (!found) return done(tl::unexpected(found.error()));
         answer_from_worker(done, [state = *std::move(found), readable]() -> json::value {
           json::object out = head_of(*state);
           out["state"] = domain::admin_view(*state, readable);
           return out;
         });
       });
}

void History::entity(const Principal& who, const Moment& at, domain::Kind kind, domain::Id id, Done done) {
  if (auto allowed = require(who, auth::Action::read_catalogue); !allowed)
    return done(tl::unexpected(allowed.error()));
  if (!auth::readable_kinds(who.role).contains(kind))
    return done(fail(Errc::forbidden, "the role " + std::string(domain::to_string(who.role.here())) +
                                          " may not read entities of this type"));
  find(who.environment, at, [kind, id, done](Result<SnapshotPtr> found) {
    if (!found) return done(tl::unexpected(found.error()));
    json::value body = domain::with_etag((*found)->body(kind, id), (*found)->head().epoch);
    if (body.is_null()) {
      return done(fail(Errc::not_found, "there was no " + std::string(domain::to_string(kind)) + ' ' +
                                            std::to_string(id) + " at revision " +
                                            std::to_string((*found)->revision())));
    }
    done(std::move(body));
  });
}

void History::difference(const Principal& who, const Moment& from, const Moment& to, Done done) {
  if (auto allowed = require(who, auth::Action::read_catalogue); !allowed)
    return done(tl::unexpected(allowed.error()));
  find(who.environment, from, [this, who, to, done](Result<SnapshotPtr> first) {
    if (!first) return done(tl::unexpected(first.error()));
    find(who.environment, to, [this, who, first = *first, done](Result<SnapshotPtr> second) {
      if (!second) return done(tl::unexpected(second.error()));
      answer_from_worker(done, [first, second = *std::move(second), who] {
        return differences(*first, *second, auth::readable_kinds(who.role));
      });
    });
  });
}

}  // namespace togglecast::service
