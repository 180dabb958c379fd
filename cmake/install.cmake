# `cmake --install build/release --prefix P`: the server, and the protocol tower as a library for other projects:
#   P/bin/togglecast
#   P/lib/libtogglecast_*.a         one static library per layer
#   P/include/togglecast/…          the umbrella socketio.hpp and the headers that it leads to
#   P/lib/cmake/togglecast/         find_package(togglecast) gives togglecast::socketio
# Our warnings, sanitizers, hardening and precompiled headers stay here: see add_layer and docs/library.md.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The layer and all that it may include, bottom up, into `result`.
function(layers_beneath layer result)
  set(found "")
  foreach(below IN LISTS togglecast_layer_${layer})
    layers_beneath(${below} deeper)
    list(APPEND found ${deeper})
  endforeach()
  list(APPEND found ${layer})
  list(REMOVE_DUPLICATES found)
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# Lines for togglecastConfig.cmake beyond those it always has, so that the third-party targets of these layers exist.
function(further_dependencies layers result)
  set(always togglecast_boost Boost::json tl::expected PkgConfig::sodium)
  set(lines "")
  foreach(layer IN LISTS layers)
    foreach(library IN LISTS togglecast_third_party_${layer})
      if(library MATCHES "^OpenSSL::")
        list(APPEND lines "find_dependency(OpenSSL 3)")
      elseif(library MATCHES "^ZLIB::")
        list(APPEND lines "find_dependency(ZLIB)")
      elseif(NOT library IN_LIST always)
        message(FATAL_ERROR "cmake/install.cmake does not say how users of the library find ${library}")
      endif()
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES lines)
  list(JOIN lines "\n" lines)
  set(${result} "${lines}" PARENT_SCOPE)
endfunction()

function(install_library)
  layers_beneath(socketio layers)
  set(targets togglecast_boost)
  foreach(layer IN LISTS layers)
    set_target_properties(togglecast_${layer} PROPERTIES EXPORT_NAME ${layer})
    target_compile_features(togglecast_${layer} INTERFACE cxx_std_20)
    list(APPEND targets togglecast_${layer})
  endforeach()
  set_target_properties(togglecast_boost PROPERTIES EXPORT_NAME boost)
  install(TARGETS ${targets} EXPORT togglecastTargets ARCHIVE INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

  set(package ${CMAKE_INSTALL_LIBDIR}/cmake/togglecast)
  install(EXPORT togglecastTargets NAMESPACE togglecast:: DESTINATION ${package})
  further_dependencies("${layers}" togglecast_further_dependencies)
  configure_package_config_file(cmake/togglecastConfig.cmake.in
      ${CMAKE_BINARY_DIR}/package/togglecastConfig.cmake INSTALL_DESTINATION ${package})
  # Before 1.0 a minor version may break (docs/library.md); from then on only a major one: SameMajorVersion.
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/togglecastConfigVersion.cmake
      COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/package/togglecastConfig.cmake
      ${CMAKE_BINARY_DIR}/package/togglecastConfigVersion.cmake DESTINATION ${package})

  set(installed_headers ${CMAKE_BINARY_DIR}/package/include)
  configure_file(cmake/install_headers.cmake.in ${CMAKE_BINARY_DIR}/package/install_headers.cmake @ONLY)
  install(SCRIPT ${CMAKE_BINARY_DIR}/package/install_headers.cmake)
endfunction()

function(install_server)
  if(TARGET togglecast)
    install(TARGETS togglecast RUNTIME)
  endif()
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endfunction()
