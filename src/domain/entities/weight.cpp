#include "domain/entities/weight.hpp"

#include "domain/schema/weight.hpp"

namespace togglecast::domain {
namespace {

template <typename... Texts>
std::size_t heap_of(const Texts&... texts) noexcept {
  return (heap_weight(texts) + ...);
}

// With the block that it stands in, which its counters share.
template <typename T>
constexpr std::size_t kOwn = sizeof(T) + 2 * kHeapBlock;

std::size_t heap_of(const evaluation::FlagDefinition& flag) noexcept {
  std::size_t bytes = block_weight(flag.variants) + heap_weight(flag.targeting) + heap_weight(flag.metadata);
  if (flag.default_variant) bytes += heap_weight(*flag.default_variant);
  for (const auto& variant : flag.variants) bytes += heap_weight(variant.name) + heap_weight(variant.value);
  return bytes;
}

std::size_t heap_of(const Assets& assets) noexcept {
  std::size_t bytes = block_weight(assets);
  for (const Asset& asset : assets) bytes += heap_of(asset.name, asset.sha256, asset.type);
  return bytes;
}

}  // namespace

std::size_t weight(const Platform& platform) noexcept {
  return kOwn<Platform> +
         heap_of(platform.key, platform.name, platform.description, platform.maintenance_note,
                 platform.config) +
         heap_of(platform.assets);
}

std::size_t weight(const Feature& feature) noexcept {
  std::size_t bytes = kOwn<Feature> + heap_of(feature.key, feature.name, feature.description) +
                      heap_of(feature.flag) + block_weight(feature.sub_features) +
                      block_weight(feature.platforms) + block_weight(feature.required) +
                      heap_of(feature.assets);
  for (const SubFeature& sub : feature.sub_features)
    bytes += heap_of(sub.key, sub.name, sub.description) + heap_of(sub.flag);
  return bytes;
}

std::size_t weight(const Segment& segment) noexcept {
  return kOwn<Segment> + heap_of(segment.key, segment.name, segment.description, segment.rule);
}

std::size_t weight(const Package& package) noexcept {
  std::size_t bytes = kOwn<Package> + heap_of(package.key, package.name, package.description) +
                      block_weight(package.plan.features) + block_weight(package.plan.platforms);
  for (const auto& assignment : package.plan.features) {
    if (!assignment.sub_features) continue;
    bytes += block_weight(*assignment.sub_features);
    for (const std::string& sub : *assignment.sub_features) bytes += heap_weight(sub);
  }
  return bytes;
}

std::size_t weight(const Client& client) noexcept {
  std::size_t bytes =
      kOwn<Client> + heap_of(client.key, client.name, client.attributes) + block_weight(client.overrides);
  for (const auto& one : client.overrides) bytes += heap_of(one.value, one.reason);
  return bytes;
}

std::size_t weight(const TokenRecord& token) noexcept {
  return kOwn<TokenRecord> + heap_of(token.jti, token.environment, token.label, token.device, token.address);
}

std::size_t weight(const AdminUser& admin) noexcept {
  const std::size_t identity =
      admin.identity ? heap_of(admin.identity->issuer, admin.identity->subject) : std::size_t{0};
  return kOwn<AdminUser> + heap_of(admin.username) + identity;
}

std::size_t weight(const SigningKeyRecord& key) noexcept {
  return kOwn<SigningKeyRecord> + heap_of(key.kid, key.algorithm);
}

std::size_t weight(const EnvironmentRecord& environment) noexcept {
  return kOwn<EnvironmentRecord> + heap_of(environment.key);
}

std::size_t weight(const ApiKey& key) noexcept {
  std::size_t bytes =
      kOwn<ApiKey> + heap_of(key.sha256, key.prefix, key.name, key.environment) + block_weight(key.addresses);
  for (const std::string& range : key.addresses) bytes += heap_of(range);
  return bytes;
}

std::size_t weight(const Issuer& issuer) noexcept {
  std::size_t bytes =
      kOwn<Issuer> +
      heap_of(issuer.key, issuer.name, issuer.issuer, issuer.environment, issuer.keys, issuer.client_claim) +
      block_weight(issuer.audiences) + block_weight(issuer.algorithms);
  for (const std::string& audience : issuer.audiences) bytes += heap_weight(audience);
  return bytes;
}

std::size_t weight(const InstallationSettings& /*settings*/) noexcept { return kOwn<InstallationSettings>; }

std::size_t weight(const SecondFactor& factor) noexcept {
  std::size_t bytes =
      kOwn<SecondFactor> + heap_of(factor.username, factor.sealed) + block_weight(factor.recovery);
  for (const std::string& digest : factor.recovery) bytes += heap_weight(digest);
  return bytes;
}

}  // namespace togglecast::domain
