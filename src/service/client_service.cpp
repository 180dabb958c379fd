#include "service/client_service.hpp"

#include "service/ops.hpp"

namespace togglecast::service {
namespace {

using domain::Client;

std::string operation(std::string_view verb, domain::Id id) {
  return "client " + std::string(verb) + ' ' + std::to_string(id);
}

}  // namespace

Result<Page<Client>> ClientService::list(const Principal& who, const PageQuery& query) const {
  if (auto allowed = require(who, auth::Action::read_catalogue); !allowed)
    return tl::unexpected(allowed.error());
  return page_of<Client>(model_.current(who.environment), query);
}

Result<std::shared_ptr<const Client>> ClientService::find(const Principal& who, domain::Id id) const {
  if (auto allowed = require(who, auth::Action::read_catalogue); !allowed)
    return tl::unexpected(allowed.error());
  auto found = model_.current(who.environment)->find<Client>(id);
  if (found == nullptr) return fail(Errc::not_found, "there is no client " + std::to_string(id));
  return found;
}

void ClientService::create(const Principal& who, const json::value& body, const WriteOptions& options,
                           Done done) {
  if (auto allowed = require(who, auth::Action::write_clients); !allowed)
    return done(tl::unexpected(allowed.error()));
  auto fields = domain::read_new_client(body);
  if (!fields) return done(tl::unexpected(fields.error()));
  Build build = [fields = std::move(*fields)](WriteContext& context) -> Result<Draft> {
    const auto& table = context.state().table<Client>();
    if (table.by_key.find(*fields.key) != nullptr) {
      Error taken{Errc::already_exists, "there is already a client '" + *fields.key + "'", {}};
      taken.details.push_back({"/key", "is taken"});
      return tl::unexpected(std::move(taken));
    }
    if (table.by_id.size() >= kMaxClients)
      return fail(Errc::conflict, "an environment holds at most " + std::to_string(kMaxClients) + " clients");
    const auto id = context.next_id(Client::kKind);
    if (!id) return tl::unexpected(id.error());
    Client client;
    assign(client, fields);
    return Draft{Client::kKind, *id, {create_op(client, *id, context)}, {}};
  };
  submit_write(writer_, who, auth::Action::write_clients, options, operation("create", 0), body,
               std::move(build), std::move(done));
}

void ClientService::update(const Principal& who, domain::Id id, const json::value& body,
                           const WriteOptions& options, Done done) {
  if (auto allowed = require(who, auth::Action::write_clients); !allowed)
    return done(tl::unexpected(allowed.error()));
  auto fields = domain::read_client_patch(body);
  if (!fields) return done(tl::unexpected(fields.error()));
  Build build = [id, fields = std::move(*fields),
                 if_revision = options.if_revision](WriteContext& context) -> Result<Draft> {
    const auto before = subject<Client>(context, id, if_revision);
    if (!before) return tl::unexpected(before.error());
    Client after = **before;
    assign(after, fields);
    return draft_about(**before, update_op(**before, std::move(after), context));
  };
  submit_write(writer_, who, auth::Action::write_clients, options, operation("update", id), body,
               std::move(build), std::move(done));
}

void ClientService::remove(const Principal& who, domain::Id id, const WriteOptions& options, Done done) {
  Build build = [id, if_revision = options.if_revision](WriteContext& context) -> Result<Draft> {
    const auto before = subject<Client>(context, id, if_revision);
    if (!before) return tl::unexpected(before.error());
    Draft draft{Client::kKind, id, {}, {}};
    for (const auto& token : context.state().tokens_of(domain::SubjectKind::client, id))
      draft.ops.push_back(delete_op(*token));
    draft.ops.push_back(delete_op(**before));
    return draft;
  };
  submit_write(writer_, who, auth::Action::write_clients, options, operation("delete", id), nullptr,
               std::move(build), std::move(done));
}

}  // namespace togglecast::service
