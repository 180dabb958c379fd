// How much memory an entity takes, about, as a snapshot holds it. Thread rule: pure.
#pragma once

#include <cstddef>

#include "domain/entities/admin.hpp"
#include "domain/entities/api_key.hpp"
#include "domain/entities/client.hpp"
#include "domain/entities/environment.hpp"
#include "domain/entities/feature.hpp"
#include "domain/entities/issuer.hpp"
#include "domain/entities/package.hpp"
#include "domain/entities/platform.hpp"
#include "domain/entities/segment.hpp"
#include "domain/entities/signing_key.hpp"
#include "domain/entities/token.hpp"
#include "domain/installation/second_factor.hpp"
#include "domain/installation/settings.hpp"

namespace togglecast::domain {

[[nodiscard]] std::size_t weight(const Platform& platform) noexcept;
[[nodiscard]] std::size_t weight(const Feature& feature) noexcept;
[[nodiscard]] std::size_t weight(const Segment& segment) noexcept;
[[nodiscard]] std::size_t weight(const Package& package) noexcept;
[[nodiscard]] std::size_t weight(const Client& client) noexcept;
[[nodiscard]] std::size_t weight(const TokenRecord& token) noexcept;
[[nodiscard]] std::size_t weight(const AdminUser& admin) noexcept;
[[nodiscard]] std::size_t weight(const SigningKeyRecord& key) noexcept;
[[nodiscard]] std::size_t weight(const ApiKey& key) noexcept;
[[nodiscard]] std::size_t weight(const EnvironmentRecord& environment) noexcept;
[[nodiscard]] std::size_t weight(const Issuer& issuer) noexcept;
[[nodiscard]] std::size_t weight(const InstallationSettings& settings) noexcept;
[[nodiscard]] std::size_t weight(const SecondFactor& factor) noexcept;

}  // namespace togglecast::domain
