const _: () = {
    #[automatically_derived]
    #[allow(
        unused_mut,
        unused_variables,
        unused_parens,
        unused_braces,
        unused_qualifications,
        unused_comparisons,
        clippy::all,
        clippy::pedantic,
        clippy::nursery,
        reason = "generated code"
    )]
    impl ::ksync_runtime::__private::AttributeField for Sort {
        fn emit(
            &self,
            __nla: u16,
            __attributes: &mut ::ksync_runtime::__private::Attributes<'_>,
            __context: &::ksync_runtime::__private::Context<'_>,
        ) {
            ::ksync_runtime::__private::nest::emit_unless_empty(self, __nla, __attributes, __context);
        }
        fn parse(
            __nla: u16,
            __outer: &::ksync_runtime::__private::AttributeList<'_>,
            __resolver: &::ksync_runtime::__private::Resolver<'_>,
        ) -> ::ksync_runtime::__private::core::result::Result<Self, ::ksync_runtime::__private::ParseError>
        {
            ::ksync_runtime::__private::nest::parse_or_empty(__nla, __outer, __resolver)
        }
        fn references<__L: ::ksync_runtime::__private::Links>(
            &mut self,
            __references: &mut ::ksync_runtime::__private::References<'_, __L>,
        ) {
            match self {
                Self::Vxlan { id: __field_id, port: __field_port } => {
                    <u32 as ::ksync_runtime::__private::AttributeField>::references(__field_id, __references);
                }
                Self::Bridge {} => {}
                Self::Existing {} => {}
            }
        }
        fn met_by(&self, __observed: &Self) -> bool {
            match (self, __observed) {
                (
                    Self::Vxlan { id: __field_id, port: __field_port },
                    Self::Vxlan { id: __observed_field_id, port: __observed_field_port },
                ) => {
                    true && <u32 as ::ksync_runtime::__private::AttributeField>::met_by(
                        __field_id,
                        __observed_field_id,
                    ) && ((__field_port).is_none() || *(__field_port) == *(__observed_field_port))
                }
                (Self::Bridge {}, Self::Bridge {}) => true,
                (Self::Existing { .. }, _) => true,
                #[allow(unreachable_patterns, reason = "an enum may have one variant")]
                _ => false,
            }
        }
        fn emit_change(
            &self,
            __held: ::ksync_runtime::__private::core::option::Option<&Self>,
            __nla: u16,
            __attributes: &mut ::ksync_runtime::__private::Attributes<'_>,
            __context: &::ksync_runtime::__private::Context<'_>,
        ) {
            ::ksync_runtime::__private::nest::emit_change(self, __held, __nla, __attributes, __context);
        }
        fn needs_recreation(&self, __desired: &Self, __merge: bool) -> bool {
            match (self, __desired) {
                (
                    Self::Vxlan { id: __field_id, port: __field_port },
                    Self::Vxlan { id: __desired_field_id, port: __desired_field_port },
                ) => false || (__merge && (__field_port).is_some() && (__desired_field_port).is_none()),
                (Self::Bridge {}, Self::Bridge {}) => false,
                (Self::Existing {}, Self::Existing {}) => false,
                #[allow(unreachable_patterns, reason = "an enum may have one variant")]
                _ => __merge,
            }
        }
        fn check(
            &self,
        ) -> ::ksync_runtime::__private::core::result::Result<(), ::ksync_runtime::__private::Invalid>
        {
            match self {
                Self::Vxlan { id: __field_id, port: __field_port } => {
                    if let ::ksync_runtime::__private::core::result::Result::Err(__reason) =
                        is_vxlan_id(__field_id)
                    {
                        return ::ksync_runtime::__private::core::result::Result::Err(
                            ::ksync_runtime::__private::Invalid {
                                field: "id",
                                reason: ::ksync_runtime::__private::std::string::ToString::to_string(
                                    &__reason,
                                ),
                            },
                        );
                    }
                    if let ::ksync_runtime::__private::core::result::Result::Err(__inside) =
                        <u32 as ::ksync_runtime::__private::AttributeField>::check(__field_id)
                    {
                        return ::ksync_runtime::__private::core::result::Result::Err(
                            ::ksync_runtime::__private::payload::invalid_inside("id", __inside),
                        );
                    }
                }
                Self::Bridge {} => {}
                Self::Existing {} => {}
            }
            ::ksync_runtime::__private::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    #[allow(
        unused_mut,
        unused_variables,
        unused_parens,
        unused_braces,
        unused_qualifications,
        unused_comparisons,
        clippy::all,
        clippy::pedantic,
        clippy::nursery,
        reason = "generated code"
    )]
    impl ::ksync_runtime::__private::Nested for Sort {
        type Header = ::ksync_runtime::__private::NoHeader;
        fn header(
            &self,
            __attributes: &mut ::ksync_runtime::__private::Attributes<'_>,
            __context: &::ksync_runtime::__private::Context<'_>,
        ) -> ::ksync_runtime::__private::NoHeader {
            ::ksync_runtime::__private::NoHeader
        }
        fn emit_attributes(
            &self,
            __attributes: &mut ::ksync_runtime::__private::Attributes<'_>,
            __context: &::ksync_runtime::__private::Context<'_>,
        ) {
            match self {
                Self::Vxlan { id: __field_id, port: __field_port } => {
                    __attributes.put_bytes(IFLA_INFO_KIND, b"vxlan\0");
                    __attributes.nested_unless_empty(IFLA_INFO_DATA, |__attributes| {
                        <u32 as ::ksync_runtime::__private::AttributeField>::emit(
                            __field_id,
                            IFLA_VXLAN_ID,
                            &mut (*__attributes),
                            __context,
                        );
                        (*__attributes).blame("id");
                        if let ::ksync_runtime::__private::core::option::Option::Some(__value) = __field_port
                        {
                            (*__attributes)
                                .put_with(IFLA_VXLAN_PORT, |__payload| big_endian::emit(__value, __payload));
                            (*__attributes).blame("port");
                        }
                    });
                }
                Self::Bridge {} => {
                    __attributes.put_bytes(IFLA_INFO_KIND, b"bridge\0");
                }
                Self::Existing {} => {}
            }
        }
        fn emit_changed_attributes(
            &self,
            __held: ::ksync_runtime::__private::core::option::Option<&Self>,
            __attributes: &mut ::ksync_runtime::__private::Attributes<'_>,
            __context: &::ksync_runtime::__private::Context<'_>,
        ) {
            match (self, __held) {
                (
                    Self::Vxlan { id: __field_id, port: __field_port },
                    ::ksync_runtime::__private::core::option::Option::Some(Self::Vxlan {
                        id: __held_field_id,
                        port: __held_field_port,
                    }),
                ) => {
                    __attributes.unless_alone(
                        |__attributes| {
                            __attributes.put_bytes(IFLA_INFO_KIND, b"vxlan\0");
                        },
                        |__attributes| {
                            __attributes.nested_unless_empty(IFLA_INFO_DATA, |__attributes| {
                                if *(__held_field_id) != *(__field_id) {
                                    <u32 as ::ksync_runtime::__private::AttributeField>::emit(
                                        __field_id,
                                        IFLA_VXLAN_ID,
                                        &mut (*__attributes),
                                        __context,
                                    );
                                    (*__attributes).blame("id");
                                }
                                if *(__held_field_port) != *(__field_port) {
                                    if let ::ksync_runtime::__private::core::option::Option::Some(__value) =
                                        __field_port
                                    {
                                        (*__attributes).put_with(IFLA_VXLAN_PORT, |__payload| {
                                            big_endian::emit(__value, __payload)
                                        });
                                        (*__attributes).blame("port");
                                    }
                                }
                            });
                        },
                    );
                }
                (Self::Vxlan { id: __field_id, port: __field_port }, _) => {
                    __attributes.unless_alone(
                        |__attributes| {
                            __attributes.put_bytes(IFLA_INFO_KIND, b"vxlan\0");
                        },
                        |__attributes| {
                            __attributes.nested_unless_empty(IFLA_INFO_DATA, |__attributes| {
                                <u32 as ::ksync_runtime::__private::AttributeField>::emit(
                                    __field_id,
                                    IFLA_VXLAN_ID,
                                    &mut (*__attributes),
                                    __context,
                                );
                                (*__attributes).blame("id");
                                if let ::ksync_runtime::__private::core::option::Option::Some(__value) =
                                    __field_port
                                {
                                    (*__attributes).put_with(IFLA_VXLAN_PORT, |__payload| {
                                        big_endian::emit(__value, __payload)
                                    });
                                    (*__attributes).blame("port");
                                }
                            });
                        },
                    );
                }
                (
                    Self::Bridge {},
                    ::ksync_runtime::__private::core::option::Option::Some(Self::Bridge {}),
                ) => {
                    __attributes.unless_alone(
                        |__attributes| {
                            __attributes.put_bytes(IFLA_INFO_KIND, b"bridge\0");
                        },
                        |__attributes| {},
                    );
                }
                (Self::Bridge {}, _) => {
                    __attributes.unless_alone(
                        |__attributes| {
                            __attributes.put_bytes(IFLA_INFO_KIND, b"bridge\0");
                        },
                        |__attributes| {},
                    );
                }
                (
                    Self::Existing {},
                    ::ksync_runtime::__private::core::option::Option::Some(Self::Existing {}),
                ) => {
                    __attributes.unless_alone(|__attributes| {}, |__attributes| {});
                }
                (Self::Existing {}, _) => {
                    __attributes.unless_alone(|__attributes| {}, |__attributes| {});
                }
            }
        }
        fn parse_body(
            __header: &::ksync_runtime::__private::NoHeader,
            __list: &::ksync_runtime::__private::AttributeList<'_>,
            __resolver: &::ksync_runtime::__private::Resolver<'_>,
        ) -> ::ksync_runtime::__private::core::result::Result<Self, ::ksync_runtime::__private::ParseError>
        {
            let __kind = ::ksync_runtime::__private::payload::text(IFLA_INFO_KIND, __list)?;
            match __kind.as_deref() {
                ::ksync_runtime::__private::core::option::Option::Some("vxlan") => {
                    let __list = ::ksync_runtime::__private::nest::list_or_empty(IFLA_INFO_DATA, __list)?;
                    ::ksync_runtime::__private::core::result::Result::Ok(Self::Vxlan {
                        id: match <u32 as ::ksync_runtime::__private::AttributeField>::parse(
                            IFLA_VXLAN_ID,
                            &__list,
                            __resolver,
                        ) {
                            ::ksync_runtime::__private::core::result::Result::Ok(__value) => __value,
                            ::ksync_runtime::__private::core::result::Result::Err(__error) => {
                                return ::ksync_runtime::__private::core::result::Result::Err(
                                    ::ksync_runtime::__private::ParseError::in_field(__error, "id"),
                                );
                            }
                        },
                        port: match ::ksync_runtime::__private::payload::optional(
                            IFLA_VXLAN_PORT,
                            &__list,
                            |__payload| big_endian::parse(__payload),
                        ) {
                            ::ksync_runtime::__private::core::result::Result::Ok(__value) => __value,
                            ::ksync_runtime::__private::core::result::Result::Err(__error) => {
                                return ::ksync_runtime::__private::core::result::Result::Err(
                                    ::ksync_runtime::__private::ParseError::in_field(__error, "port"),
                                );
                            }
                        },
                    })
                }
                ::ksync_runtime::__private::core::option::Option::Some("bridge") => {
                    ::ksync_runtime::__private::core::result::Result::Ok(Self::Bridge)
                }
                _ => ::ksync_runtime::__private::core::result::Result::Ok(Self::Existing),
            }
        }
        fn any_in(__list: &::ksync_runtime::__private::AttributeList<'_>) -> bool {
            __list.get(IFLA_INFO_KIND).is_some()
        }
    }
};
