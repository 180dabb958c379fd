// Features and platforms of a package, one by one: two editors do not overwrite each other.
#include "domain/schema/fields.hpp"
#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"

namespace togglecast::http_api {
namespace {

// `write(package, part, options, done)` for the package and the part that the path names.
template <typename Write>
void write_part(const CallPtr& call, std::string_view part_name, Write write) {
  const auto package = call->id("id");
  if (!package) return call->refuse(package.error());
  const auto part = call->id(part_name);
  if (!part) return call->refuse(part.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  write(*package, *part, *options, changed(call, {domain::Kind::package, *package}));
}

}  // namespace

void set_assignment(const CallPtr& call) {
  const auto body = call->optional_body();
  if (!body) return call->refuse(body.error());
  write_part(call, "feature_id", [&](auto package, auto feature, const auto& options, auto done) {
    call->application().packages().assign(call->who(), package, feature, *body, options, std::move(done));
  });
}

void remove_assignment(const CallPtr& call) {
  write_part(call, "feature_id", [&](auto package, auto feature, const auto& options, auto done) {
    call->application().packages().unassign(call->who(), package, feature, options, std::move(done));
  });
}

void open_platform(const CallPtr& call) {
  const auto body = call->optional_body();
  if (!body) return call->refuse(body.error());
  if (auto ok = domain::FieldReader(*body).finish(); !ok) return call->refuse(ok.error());
  write_part(call, "platform_id", [&](auto package, auto platform, const auto& options, auto done) {
    call->application().packages().open_platform(call->who(), package, platform, options, std::move(done));
  });
}

void close_platform(const CallPtr& call) {
  write_part(call, "platform_id", [&](auto package, auto platform, const auto& options, auto done) {
    call->application().packages().close_platform(call->who(), package, platform, options, std::move(done));
  });
}

}  // namespace togglecast::http_api
