// Assets of platforms and features, and their bytes. Thread rule: each handler runs on the shard of its call;
// the answer to a read is a pure function.
#pragma once

#include <memory>

#include "base/error.hpp"
#include "service/assets/asset_service.hpp"
#include "wire/http/message.hpp"

namespace togglecast::http_api {

class Call;
using CallPtr = std::shared_ptr<Call>;

// For Platform and Feature.
template <typename T>
void list_assets(const CallPtr& call);
/// The body is the bytes of the asset, and Content-Type their media type.
template <typename T>
void put_asset(const CallPtr& call);
template <typename T>
void remove_asset(const CallPtr& call);

void read_asset(const CallPtr& call);

/// The answer to a GET or HEAD of these bytes: 200 or 206, or 416 as an error of the code `invalid_argument`.
/// A browser may show pixels in place; everything else it saves, in a sandbox.
[[nodiscard]] Result<wire::http::Response> asset_response(const wire::http::Request& request,
                                                          const service::LoadedAsset& asset);

}  // namespace togglecast::http_api
