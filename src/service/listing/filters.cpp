#include "service/listing/filters.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "service/listing/stale.hpp"

namespace togglecast::service {
namespace {

using domain::AdminUser;
using domain::Client;
using domain::Feature;
using domain::Id;
using domain::Issuer;
using domain::Package;
using domain::Platform;

tl::unexpected<Error> must(std::string_view condition) {
  return fail(Errc::invalid_argument, "must " + std::string(condition));
}

// A filter on a member that is true or false.
template <typename T, typename Member>
Result<Filter<T>> is(std::string_view value, Member member) {
  if (value != "true" && value != "false") return must("be true or false");
  return
      [member, wanted = value == "true"](const T& entity) { return std::invoke(member, entity) == wanted; };
}

constexpr std::array kPlatformRules{
    FilterRule<Platform>{
        "enabled",
        [](const FilterInput&, std::string_view value) { return is<Platform>(value, &Platform::enabled); }},
};

Result<Filter<Feature>> feature_is_on(const FilterInput&, std::string_view value) {
  return is<Feature>(value, [](const Feature& feature) { return feature.flag.enabled; });
}

Result<Filter<Feature>> needs_platform(const FilterInput&, std::string_view value) {
  const Id id = domain::parse_id(value);
  if (id == 0) return must("be the id of a platform");
  return [id](const Feature& feature) {
    return std::binary_search(feature.platforms.begin(), feature.platforms.end(), id);
  };
}

// A feature's group is the member `group` of its metadata.
Result<Filter<Feature>> is_in_group(const FilterInput&, std::string_view value) {
  return [group = std::string(value)](const Feature& feature) {
    const auto* found = feature.flag.metadata.if_contains("group");
    const auto* text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? group.empty() : std::string_view(*text) == group;
  };
}

Result<Filter<Feature>> is_in_package(const FilterInput& input, std::string_view value) {
  const Id id = domain::parse_id(value);
  if (id == 0) return must("be the id of a package");
  const auto package = input.state.find<Package>(id);
  return [package](const Feature& feature) {
    return package != nullptr && package->plan.assignment(feature.id) != nullptr;
  };
}

// The state lives as long as the walk over its features.
Result<Filter<Feature>> has_gone_stale(const FilterInput& input, std::string_view value) {
  if (value != "true" && value != "false") return must("be true or false");
  return [&state = input.state, now = input.now, wanted = value == "true"](const Feature& feature) {
    return is_stale(state, feature, now) == wanted;
  };
}

constexpr std::array kFeatureRules{
    FilterRule<Feature>{"enabled", feature_is_on}, FilterRule<Feature>{"platform", needs_platform},
    FilterRule<Feature>{"group", is_in_group},     FilterRule<Feature>{"package", is_in_package},
    FilterRule<Feature>{"stale", has_gone_stale},
};

constexpr std::array kPackageRules{
    FilterRule<Package>{
        "available",
        [](const FilterInput&, std::string_view value) { return is<Package>(value, &Package::available); }},
};

constexpr std::array kClientRules{
    FilterRule<Client>{"active", [](const FilterInput&,
                                    std::string_view value) { return is<Client>(value, &Client::active); }},
    FilterRule<Client>{"package",
                       [](const FilterInput&, std::string_view value) -> Result<Filter<Client>> {
                         if (value == "none") return [](const Client& client) { return !client.package_id; };
                         const domain::Id id = domain::parse_id(value);
                         if (id == 0) return must("be the id of a package, or none");
                         return [id](const Client& client) { return client.package_id == id; };
                       }},
};

constexpr std::array kAdminRules{
    FilterRule<AdminUser>{
        "active",
        [](const FilterInput&, std::string_view value) { return is<AdminUser>(value, &AdminUser::active); }},
    FilterRule<AdminUser>{"role",
                          [](const FilterInput&, std::string_view value) -> Result<Filter<AdminUser>> {
                            const auto role = domain::parse_role(value);
                            if (!role) return must("be viewer, editor, owner or none");
                            return [role = *role](const AdminUser& admin) { return admin.role == role; };
                          }},
};

constexpr std::array kIssuerRules{
    FilterRule<Issuer>{"active", [](const FilterInput&,
                                    std::string_view value) { return is<Issuer>(value, &Issuer::active); }},
};

}  // namespace

template <>
std::span<const FilterRule<Platform>> filter_rules<Platform>() noexcept {
  return kPlatformRules;
}
template <>
std::span<const FilterRule<Feature>> filter_rules<Feature>() noexcept {
  return kFeatureRules;
}
template <>
std::span<const FilterRule<Package>> filter_rules<Package>() noexcept {
  return kPackageRules;
}
template <>
std::span<const FilterRule<Client>> filter_rules<Client>() noexcept {
  return kClientRules;
}
template <>
std::span<const FilterRule<AdminUser>> filter_rules<AdminUser>() noexcept {
  return kAdminRules;
}
template <>
std::span<const FilterRule<Issuer>> filter_rules<Issuer>() noexcept {
  return kIssuerRules;
}

}  // namespace togglecast::service
