#include "service/catalogue/environment_service.hpp"

#include <utility>

#include "domain/schema/environment.hpp"
#include "service/accounts/submit_write.hpp"
#include "service/catalogue/environment_copy.hpp"

namespace togglecast::service {
namespace {

Principal working_in(Principal who, const std::string& environment) {
  who.environment = environment;
  return who;
}

tl::unexpected<Error> no_environment(const std::string& key) {
  return fail(Errc::not_found, "there is no environment '" + key + "'");
}

// Changes nothing. With an idempotency key, the answer is remembered.
changes::Build build_nothing() {
  return [](changes::WriteContext&) -> Result<changes::Draft> { return changes::Draft{}; };
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
    if (key != domain::kSystemEnvironment) states.push_back(model_.current(key));
  return states;
}

Result<domain::SnapshotPtr> EnvironmentService::find(const Principal& who, const std::string& key) const {
  if (auto allowed = require(who, auth::Action::read_catalogue); !allowed)
    return tl::unexpected(allowed.error());
  auto state = key == domain::kSystemEnvironment ? nullptr : model_.current(key);
  if (state == nullptr) return no_environment(key);
  return state;
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

void EnvironmentService::create(const Principal& who, const std::string& key, const WriteOptions& options,
                                changes::Done done) {
  if (auto allowed = require(who, auth::Action::manage_environments); !allowed)
    return done(tl::unexpected(allowed.error()));
  if (options.idempotency_key.empty()) {
    return add(key,
               [done](const Result<void>& added) { done(added.map([] { return changes::Written{}; })); });
  }
  const Error nothing_remembered{Errc::not_found, "there is no remembered answer", {}};
  remember(who, key, options, build_refusal(nothing_remembered),
           [this, who, key, options, done](Result<changes::Written> remembered) {
             if (remembered || remembered.error().code != Errc::not_found) return done(std::move(remembered));
             add(key, [this, who, key, options, done](const Result<void>& added) {
               remember(who, key, options, added ? build_nothing() : build_refusal(added.error()), done);
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
               build_copy(*from, what.clients), std::move(done));
}

}  // namespace togglecast::service
