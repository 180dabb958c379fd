#include "service/platform_service.hpp"

#include "service/ops.hpp"

namespace togglecast::service {
namespace {

using domain::Platform;

std::string operation(std::string_view verb, domain::Id id) {
  return "platform " + std::string(verb) + ' ' + std::to_string(id);
}

}  // namespace

Result<Page<Platform>> PlatformService::list(const Principal& who, const PageQuery& query) const {
  if (auto allowed = require(who, auth::Action::read_catalogue); !allowed)
    return tl::unexpected(allowed.error());
  return page_of<Platform>(model_.current(who.environment), query);
}

Result<std::shared_ptr<const Platform>> PlatformService::find(const Principal& who, domain::Id id) const {
  if (auto allowed = require(who, auth::Action::read_catalogue); !allowed)
    return tl::unexpected(allowed.error());
  auto found = model_.current(who.environment)->find<Platform>(id);
  if (found == nullptr) return fail(Errc::not_found, "there is no platform " + std::to_string(id));
  return found;
}

void PlatformService::create(const Principal& who, const json::value& body, const WriteOptions& options,
                             Done done) {
  if (auto allowed = require(who, auth::Action::write_platforms); !allowed)
    return done(tl::unexpected(allowed.error()));
  auto fields = domain::read_new_platform(body);
  if (!fields) return done(tl::unexpected(fields.error()));
  Build build = [fields = std::move(*fields)](WriteContext& context) -> Result<Draft> {
    const auto& table = context.state().table<Platform>();
    if (table.by_key.find(*fields.key) != nullptr) {
      Error taken{Errc::already_exists, "there is already a platform '" + *fields.key + "'", {}};
      taken.details.push_back({"/key", "is taken"});
      return tl::unexpected(std::move(taken));
    }
    if (table.by_id.size() >= kMaxPlatforms)
      return fail(Errc::conflict,
                  "an environment holds at most " + std::to_string(kMaxPlatforms) + " platforms");
    const auto id = context.next_id(Platform::kKind);
    if (!id) return tl::unexpected(id.error());
    Platform platform;
    assign(platform, fields);
    return Draft{Platform::kKind, *id, {create_op(platform, *id, context)}, {}};
  };
  submit_write(writer_, who, auth::Action::write_platforms, options, operation("create", 0), body,
               std::move(build), std::move(done));
}

void PlatformService::update(const Principal& who, domain::Id id, const json::value& body,
                             const WriteOptions& options, Done done) {
  if (auto allowed = require(who, auth::Action::write_platforms); !allowed)
    return done(tl::unexpected(allowed.error()));
  auto fields = domain::read_platform_patch(body);
  if (!fields) return done(tl::unexpected(fields.error()));
  Build build = [id, fields = std::move(*fields),
                 if_revision = options.if_revision](WriteContext& context) -> Result<Draft> {
    const auto before = subject<Platform>(context, id, if_revision);
    if (!before) return tl::unexpected(before.error());
    Platform after = **before;
    assign(after, fields);
    return draft_about(**before, update_op(**before, std::move(after), context));
  };
  submit_write(writer_, who, auth::Action::write_platforms, options, operation("update", id), body,
               std::move(build), std::move(done));
}

void PlatformService::toggle(const Principal& who, domain::Id id, std::optional<bool> enabled,
                             const WriteOptions& options, Done done) {
  Build build = [id, enabled, if_revision = options.if_revision](WriteContext& context) -> Result<Draft> {
    const auto before = subject<Platform>(context, id, if_revision);
    if (!before) return tl::unexpected(before.error());
    Platform after = **before;
    after.enabled = enabled.value_or(!after.enabled);
    return draft_about(**before, update_op(**before, std::move(after), context));
  };
  const json::value body = enabled ? json::value(*enabled) : json::value(nullptr);
  submit_write(writer_, who, auth::Action::write_platforms, options, operation("toggle", id), body,
               std::move(build), std::move(done));
}

void PlatformService::remove(const Principal& who, domain::Id id, const WriteOptions& options, Done done) {
  Build build = [id, if_revision = options.if_revision](WriteContext& context) -> Result<Draft> {
    const auto before = subject<Platform>(context, id, if_revision);
    if (!before) return tl::unexpected(before.error());
    return draft_about(**before, delete_op(**before));
  };
  submit_write(writer_, who, auth::Action::write_platforms, options, operation("delete", id), nullptr,
               std::move(build), std::move(done));
}

}  // namespace togglecast::service
