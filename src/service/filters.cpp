#include "service/filters.hpp"

#include <array>
#include <optional>

namespace togglecast::service {
namespace {

using domain::AdminUser;
using domain::Client;
using domain::Platform;
using domain::Snapshot;

tl::unexpected<Error> must(std::string_view what) {
  return fail(Errc::invalid_argument, "must " + std::string(what));
}

// A filter on a member that is true or false.
template <typename T>
Result<Filter<T>> is(std::string_view value, bool T::*member) {
  if (value != "true" && value != "false") return must("be true or false");
  return [member, wanted = value == "true"](const T& entity) { return entity.*member == wanted; };
}

constexpr std::array kPlatformRules{
    FilterRule<Platform>{
        "enabled", [](const Snapshot&, std::string_view value) { return is(value, &Platform::enabled); }},
};

constexpr std::array kClientRules{
    FilterRule<Client>{"active",
                       [](const Snapshot&, std::string_view value) { return is(value, &Client::active); }},
    FilterRule<Client>{"package",
                       [](const Snapshot&, std::string_view value) -> Result<Filter<Client>> {
                         if (value == "none") return [](const Client& client) { return !client.package_id; };
                         const domain::Id id = domain::parse_id(value);
                         if (id == 0) return must("be the id of a package, or none");
                         return [id](const Client& client) { return client.package_id == id; };
                       }},
};

constexpr std::array kAdminRules{
    FilterRule<AdminUser>{"role",
                          [](const Snapshot&, std::string_view value) -> Result<Filter<AdminUser>> {
                            const auto role = domain::parse_role(value);
                            if (!role) return must("be viewer, editor or owner");
                            return [role = *role](const AdminUser& admin) { return admin.role == role; };
                          }},
};

}  // namespace

template <>
std::span<const FilterRule<Platform>> filter_rules<Platform>() noexcept {
  return kPlatformRules;
}
template <>
std::span<const FilterRule<Client>> filter_rules<Client>() noexcept {
  return kClientRules;
}
template <>
std::span<const FilterRule<AdminUser>> filter_rules<AdminUser>() noexcept {
  return kAdminRules;
}

}  // namespace togglecast::service
