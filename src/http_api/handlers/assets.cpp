#include "http_api/handlers/assets.hpp"

#include <string>
#include <utility>

#include "domain/entities/asset.hpp"
#include "http_api/handlers/entities.hpp"
#include "http_api/request/problem.hpp"
#include "web/address.hpp"
#include "wire/http/byte_range.hpp"
#include "wire/http/media_type.hpp"

namespace togglecast::http_api {
namespace {

using wire::http::ByteRange;
using wire::http::Method;
using wire::http::RangeKind;

// Clients and admins that hold an asset never need to ask again: other bytes have another name.
constexpr std::string_view kCaching = "private, max-age=31536000, immutable";
constexpr unsigned kUnsatisfiable = 416;
constexpr unsigned kNotModified = 304;

void add_common_headers(wire::http::Headers& headers, std::string_view sha256) {
  headers.add("ETag", '"' + std::string(sha256) + '"');
  headers.add("Cache-Control", kCaching);
}

// A range counts in a GET alone (RFC 9110, section 14.2).
ByteRange range_in(const wire::http::Request& request, std::string_view sha256, std::size_t size) {
  const auto& headers = request.headers;
  if (request.method != Method::get || !wire::http::range_counts(headers.value("If-Range"), sha256))
    return {};
  return wire::http::byte_range(headers.value("Range"), size);
}

void answer_unsatisfiable(Call& call, const Error& error, std::size_t size) {
  auto response = problem(error, call.request_id(), kUnsatisfiable);
  response.headers.add("Content-Range", "bytes */" + std::to_string(size));
  response.headers.add("Accept-Ranges", "bytes");
  call.respond(std::move(response), to_string(error.code));
}

void answer_asset(Call& call, const Result<service::LoadedAsset>& asset) {
  if (!asset) return call.refuse(asset.error());
  auto response = asset_response(call.request(), *asset);
  if (!response) return answer_unsatisfiable(call, response.error(), asset->bytes.size());
  call.respond(std::move(*response));
}

Result<std::string> uploaded_type(const Call& call) {
  const std::string_view sent = call.request().headers.value("Content-Type");
  const auto type = wire::http::media_type(sent);
  if (!type)
    return fail(Errc::invalid_argument,
                "an asset needs the header Content-Type with its media type, such as image/png");
  const std::string_view kind = wire::http::essence(*type);
  if (kind == "application/x-www-form-urlencoded" || kind.starts_with("multipart/"))
    return fail(
        Errc::invalid_argument,
        "an asset is the body itself, not a form; send its bytes with their own Content-Type, as curl does "
        "with --data-binary @logo.png -H 'Content-Type: image/png'");
  return *type;
}

}  // namespace

Result<wire::http::Response> asset_response(const wire::http::Request& request,
                                            const service::LoadedAsset& asset) {
  const std::size_t size = asset.bytes.size();
  const ByteRange range = range_in(request, asset.sha256, size);
  if (range.kind == RangeKind::unsatisfiable)
    return fail(Errc::invalid_argument, "the header Range asks for bytes behind the end; the asset has " +
                                            std::to_string(size) + " bytes");
  wire::http::Response response;
  add_common_headers(response.headers, asset.sha256);
  response.headers.add("Content-Type", asset.type);
  response.headers.add("Accept-Ranges", "bytes");
  response.headers.add("Content-Security-Policy", "sandbox");
  if (!wire::http::is_raster_image(asset.type)) response.headers.add("Content-Disposition", "attachment");
  response.shared = asset.bytes;
  response.shared_size = size;
  if (range.kind == RangeKind::part) {
    response.status = 206;
    response.shared_from = range.first;
    response.shared_size = range.size;
    response.headers.add("Content-Range", "bytes " + std::to_string(range.first) + '-' +
                                              std::to_string(range.first + range.size - 1) + '/' +
                                              std::to_string(size));
  }
  return response;
}

template <typename T>
void list_assets(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto state = call->application().model().current(call->who().environment);
  const auto entity = state->template find<T>(*id);
  if (entity == nullptr)
    return call->refuse(
        {Errc::not_found,
         "there is no " + std::string(domain::to_string(T::kKind)) + ' ' + std::to_string(*id),
         {}});
  json::array items;
  for (const domain::Asset& asset : entity->assets) {
    json::object one = to_json(asset);
    one["name"] = asset.name;
    items.push_back(std::move(one));
  }
  const std::size_t total = items.size();
  Answer answer{.etag = domain::to_string(domain::Version{state->head().epoch, entity->revision})};
  answer.body = json::object{{"items", std::move(items)}, {"total", total}};
  call->answer(std::move(answer));
}

template <typename T>
void put_asset(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto type = uploaded_type(*call);
  if (!type) return call->refuse(type.error(), 415);
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().assets().put(call->who(), T::kKind, *id,
                                   {std::string(call->parameter("name")), *type, call->request().body},
                                   *options, changed(call, {T::kKind, *id}));
}

template <typename T>
void remove_asset(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().assets().remove(call->who(), T::kKind, *id, std::string(call->parameter("name")),
                                      *options, changed(call, {T::kKind, *id}));
}

void read_asset(const CallPtr& call) {
  auto& assets = call->application().assets();
  const auto state = call->application().model().current(call->who().environment);
  const auto found = assets.find(call->who(), *state, call->parameter("sha256"));
  if (!found) return call->refuse(found.error());
  if (found->type && call->has_already(found->sha256)) {
    wire::http::Response response;
    response.status = kNotModified;
    add_common_headers(response.headers, found->sha256);
    return call->respond(std::move(response));
  }
  const ByteRange range = range_in(call->request(), found->sha256, found->size);
  const std::size_t cost = call->request().method == Method::head   ? 0
                           : range.kind == RangeKind::unsatisfiable ? 0
                           : range.kind == RangeKind::part          ? range.size
                                                                    : found->size;
  if (auto taken = call->api().charge_asset(call->reader(), cost); !taken) return call->refuse(taken.error());
  assets.load(call->who().environment, *found,
              [call](const Result<service::LoadedAsset>& asset) { answer_asset(*call, asset); });
}

#define TOGGLECAST_MAKE_ASSET_HANDLERS(T)       \
  template void list_assets<T>(const CallPtr&); \
  template void put_asset<T>(const CallPtr&);   \
  template void remove_asset<T>(const CallPtr&)
TOGGLECAST_MAKE_ASSET_HANDLERS(domain::Platform);
TOGGLECAST_MAKE_ASSET_HANDLERS(domain::Feature);
#undef TOGGLECAST_MAKE_ASSET_HANDLERS

}  // namespace togglecast::http_api
