#include "service/catalogue/environment_service.hpp"

#include <utility>

#include "changes/ops.hpp"
#include "domain/entities/environment.hpp"
#include "domain/schema/environment.hpp"
#include "service/accounts/submit_write.hpp"
#include "service/catalogue/environment_copy.hpp"

namespace togglecast::service {
namespace {

using domain::EnvironmentRecord;

Principal working_in(Principal who, const std::string& environment) {
  who.environment = environment;
  return who;
}

tl::unexpected<Error> no_environment(const std::string& key) {
  return fail(Errc::not_found, "there is no environment '" + key + "'");
}

changes::Build build_record(std::string key, std::optional<EnvironmentCopy> copied) {
  return [key = std::move(key),
          copied = std::move(copied)](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = context.state().find_by_key<EnvironmentRecord>(key);
    EnvironmentRecord record = before == nullptr ? EnvironmentRecord{} : *before;
    record.key = key;
    if (copied) {
      record.copied_from = copied->from;
      record.copied_clients = copied->clients;
    }
    if (before != nullptr)
      return changes::draft_about(*before, changes::update_op(*before, std::move(record), context));
    const auto id = context.next_id(EnvironmentRecord::kKind);
    if (!id) return tl::unexpected(id.error());
    return changes::Draft{EnvironmentRecord::kKind, *id, {changes::create_op(record, *id, context)}, {}};
  };
}

// Refuses, unless the committer remembers an answer to the same request.
changes::Build build_refusal(Error error) {
  return [error = std::move(error)](changes::WriteContext&) -> Result<changes::Draft> {
    return tl::unexpected(error);
  };
}

}  // namespace

json::object describe_environment(const domain::Snapshot& state) {
  return {{"key", state.environment()},
          {"revision", state.revision()},
          {"epoch", state.head().epoch},
          {"changed_at", to_iso8601(state.as_of())},
          {"counts",
           {{"platforms", state.table<domain::Platform>().by_id.size()},
            {"segments", state.table<domain::Segment>().by_id.size()},
            {"features", state.table<domain::Feature>().by_id.size()},
            {"packages", state.table<domain::Package>().by_id.size()},
            {"clients", state.table<domain::Client>().by_id.size()}}}};
}

Result<std::vector<domain::SnapshotPtr>> EnvironmentService::list(const Principal& who) const {
  if (auto allowed = require(who, auth::Action::read_catalogue); !allowed)
    return tl::unexpected(allowed.error());
  std::vector<domain::SnapshotPtr> states;
  for (const std::string& key : model_.environments())
    if (key != domain::kSystemEnvironment && sees(who, key)) states.push_back(model_.current(key));
  return states;
}

Result<domain::SnapshotPtr> EnvironmentService::find(const Principal& who, const std::string& key) const {
  if (auto allowed = require(who, auth::Action::read_catalogue); !allowed)
    return tl::unexpected(allowed.error());
  auto state = key == domain::kSystemEnvironment ? nullptr : model_.current(key);
  if (state == nullptr) return no_environment(key);
  if (!sees(who, key)) return fail(Errc::forbidden, "you have no role in the environment '" + key + "'");
  return state;
}

// The session belongs to one environment, and the account may have a role in others.
bool EnvironmentService::sees(const Principal& who, const std::string& key) const {
  if (key == who.environment || who.role.owns_installation()) return true;
  if (who.kind != Principal::Kind::admin) return false;
  const auto admin = model_.current(domain::kSystemEnvironment)->find<domain::AdminUser>(who.id);
  return admin != nullptr && admin->standing_in(key).here() != domain::Role::none;
}

// The environments themselves have no log, so `system` remembers the answers.
void EnvironmentService::remember(const Principal& who, const std::string& key, const WriteOptions& options,
                                  changes::Build build, changes::Done done) {
  submit_write(committer_, working_in(who, std::string(domain::kSystemEnvironment)),
               auth::Action::manage_environments, options, "environment create " + key, nullptr,
               std::move(build), std::move(done));
}

void EnvironmentService::add(const std::string& key, changes::Committer::EnvironmentDone done) {
  Sha256 genesis{};
  random_.fill(genesis);
  committer_.add_environment(key, genesis, std::move(done));
}

void EnvironmentService::record(const Principal& who, const std::string& key,
                                std::optional<EnvironmentCopy> copied, const WriteOptions& options,
                                changes::Done done) {
  committer_.submit({std::string(domain::kSystemEnvironment), actor_of(who, options), std::nullopt,
                     build_record(key, std::move(copied))},
                    std::move(done));
}

void EnvironmentService::create(const Principal& who, const std::string& key, const WriteOptions& options,
                                changes::Done done) {
  if (auto allowed = require(who, auth::Action::manage_environments); !allowed)
    return done(tl::unexpected(allowed.error()));
  if (options.idempotency_key.empty()) {
    return add(key, [this, who, key, options, done](const Result<void>& added) {
      if (!added) return done(tl::unexpected(added.error()));
      record(who, key, {}, options, done);
    });
  }
  const Error nothing_remembered{Errc::not_found, "there is no remembered answer", {}};
  remember(who, key, options, build_refusal(nothing_remembered),
           [this, who, key, options, done](Result<changes::Written> remembered) {
             if (remembered || remembered.error().code != Errc::not_found) return done(std::move(remembered));
             add(key, [this, who, key, options, done](const Result<void>& added) {
               remember(who, key, options, added ? build_record(key, {}) : build_refusal(added.error()),
                        done);
             });
           });
}

void EnvironmentService::copy(const Principal& who, const std::string& key, const EnvironmentCopy& what,
                              const WriteOptions& options, changes::Done done) {
  if (auto allowed = require(who, auth::Action::manage_environments); !allowed)
    return done(tl::unexpected(allowed.error()));
  if (auto target = find(who, key); !target) return done(tl::unexpected(target.error()));
  const auto from = find(who, what.from);
  if (!from) return done(fail_field("/from", "is not the key of an environment"));
  submit_write(committer_, working_in(who, key), auth::Action::manage_environments, options,
               "environment copy " + key, json::object{{"from", what.from}, {"clients", what.clients}},
               build_copy(*from, what.clients),
               [this, who, key, what, options, done = std::move(done)](Result<changes::Written> written) {
                 if (!written || !written->changed || written->replayed) return done(std::move(written));
                 // The copy has happened, whatever becomes of its record.
                 record(who, key, what, options, [done, written](const auto&) { done(written); });
               });
}

}  // namespace togglecast::service
