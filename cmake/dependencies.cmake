# Third-party libraries, all Debian 12 packages, and which layer uses which.
# What a layer links reaches the layers above it; each heavy header still has one home (see cmake/layers.txt).

find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS json)
find_package(tl-expected REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis)
# Its -D_FILE_OFFSET_BITS=64 changes nothing on 64-bit systems, and would need precompiled headers of its own.
set_target_properties(PkgConfig::hiredis PROPERTIES INTERFACE_COMPILE_OPTIONS "")
find_package(nlohmann_json REQUIRED CONFIG)  # for MessagePack alone

# Boost's headers with the definitions every user of them must agree on.
add_library(togglecast_boost INTERFACE)
target_link_libraries(togglecast_boost INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(togglecast_boost INTERFACE BOOST_ASIO_NO_DEPRECATED)

set(togglecast_third_party_base togglecast_boost Boost::json tl::expected OpenSSL::Crypto PkgConfig::sodium)
set(togglecast_third_party_wire togglecast_boost ZLIB::ZLIB)
set(togglecast_third_party_net togglecast_boost OpenSSL::SSL)
set(togglecast_third_party_egress CURL::libcurl)
set(togglecast_third_party_storage SQLite::SQLite3 PkgConfig::libpq)
set(togglecast_third_party_cluster PkgConfig::hiredis)
set(togglecast_third_party_adapters nlohmann_json::nlohmann_json)
set(togglecast_third_party_auth OpenSSL::Crypto PkgConfig::sodium)
set(togglecast_third_party_app CLI11::CLI11 tomlplusplus::tomlplusplus)

# Those whose headers ours include, so that users of the installed library need them too; the others are linked alone.
# What the protocol tower links, users of the installed library must find: see cmake/install.cmake.
set(togglecast_third_party_in_headers togglecast_boost Boost::json tl::expected)
