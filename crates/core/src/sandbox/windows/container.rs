//! App containers: an identity of its own for each sandbox, which the system's access checks ask for besides the user's.

use std::{
    ffi::{OsString, c_void},
    io,
    os::windows::ffi::OsStringExt,
    path::PathBuf,
    ptr,
};

use windows_sys::{
    Win32::{
        Foundation::LocalFree,
        Security::{
            Authorization::ConvertSidToStringSidW,
            Isolation::{CreateAppContainerProfile, DeleteAppContainerProfile, GetAppContainerFolderPath},
            PSID, SECURITY_CAPABILITIES, SID_AND_ATTRIBUTES, WinCapabilityInternetClientSid,
        },
        System::{
            Com::CoTaskMemFree,
            LibraryLoader::{GetModuleHandleW, GetProcAddress},
        },
    },
    core::{s, w},
};

use super::{
    sid::{Sid, WellKnown},
    wide::terminated,
};
use crate::{policy::NetworkPolicy, sandbox::SandboxError};

/// `SE_GROUP_ENABLED`.
const ENABLED: u32 = 4;

/// Whether this system has app containers, which must be known before any function here is called.
///
/// # Errors
/// [`SandboxError::Unavailable`] under Wine, which has none, and ends a process that asks for one.
pub fn supported() -> Result<(), SandboxError> {
    if !is_wine() {
        return Ok(());
    }
    Err(SandboxError::Unavailable {
        cause: "Wine has no app containers".to_owned(),
        remedy: "use the Node of the system that Wine runs on, and the package for it; under Wine there is only the \
                 profile trusted, which holds nothing"
            .to_owned(),
    })
}

/// Wine is told by a function that it has for this, and Windows hasn't.
fn is_wine() -> bool {
    // SAFETY: the name ends with a NUL.
    let system = unsafe { GetModuleHandleW(w!("ntdll.dll")) };
    // SAFETY: that library is in every process, and stays; the name ends with a NUL.
    !system.is_null() && unsafe { GetProcAddress(system, s!("wine_get_version")) }.is_some()
}

/// An app container that exists. Its private folders are gone with it.
#[derive(Debug)]
pub struct Container {
    name: Vec<u16>,
    sid: Sid,
    internet: Option<WellKnown>,
}

impl Container {
    /// Makes one. With a network, it may connect to the internet; it can never be connected to from outside.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] where there can be none.
    pub fn new(name: &str, network: NetworkPolicy) -> Result<Self, SandboxError> {
        supported()?;
        Self::make(name, network).map_err(|error| SandboxError::Unavailable {
            cause: format!("no app container can be made: {error}"),
            remedy: "use Windows 10 or newer, not inside of another app container, or WSL 2; or enforcement \"best-effort\", \
                     which holds files by a restricted token and leaves the network open"
                .to_owned(),
        })
    }

    fn make(name: &str, network: NetworkPolicy) -> io::Result<Self> {
        let wide = terminated(name);
        let internet = match network {
            NetworkPolicy::None => None,
            NetworkPolicy::Outbound | NetworkPolicy::Host => Some(WellKnown::new(WinCapabilityInternetClientSid)?),
        };
        let mut sid: PSID = ptr::null_mut();
        // SAFETY: the texts end with a NUL, there are no capabilities, and the identity has a place.
        let result = unsafe {
            CreateAppContainerProfile(wide.as_ptr(), wide.as_ptr(), wide.as_ptr(), ptr::null(), 0, &raw mut sid)
        };
        Ok(Self { name: wide, sid: Sid::made(result, sid)?, internet })
    }

    /// The identity.
    pub fn sid(&self) -> &Sid {
        &self.sid
    }

    /// What a process of it is made with.
    pub fn capabilities(&self) -> Capabilities<'_> {
        let list: Vec<_> =
            self.internet.iter().map(|sid| SID_AND_ATTRIBUTES { Sid: sid.as_ptr(), Attributes: ENABLED }).collect();
        let mut list = list.into_boxed_slice();
        let given = SECURITY_CAPABILITIES {
            AppContainerSid: self.sid.as_ptr(),
            Capabilities: if list.is_empty() { ptr::null_mut() } else { list.as_mut_ptr() },
            CapabilityCount: u32::from(!list.is_empty()),
            Reserved: 0,
        };
        Capabilities { given, _list: list, _container: self }
    }

    /// Where it may write.
    pub fn folder(&self) -> io::Result<PathBuf> {
        let mut text = ptr::null_mut();
        // SAFETY: the identity is one, and the text has a place.
        if unsafe { ConvertSidToStringSidW(self.sid.as_ptr(), &raw mut text) } == 0 {
            return Err(io::Error::last_os_error());
        }
        let mut folder = ptr::null_mut();
        // SAFETY: the text ends with a NUL.
        let result = unsafe { GetAppContainerFolderPath(text, &raw mut folder) };
        // SAFETY: the system made it, and nobody has it any more.
        unsafe { LocalFree(text.cast()) };
        if result < 0 || folder.is_null() {
            return Err(io::Error::from_raw_os_error(result));
        }
        // SAFETY: the text ends with a NUL.
        let length = (0..).take_while(|&at| unsafe { *folder.add(at) } != 0).count();
        // SAFETY: it has that many units.
        let path = OsString::from_wide(unsafe { std::slice::from_raw_parts(folder, length) });
        // SAFETY: the system made it, and nobody has it any more.
        unsafe { CoTaskMemFree(folder.cast::<c_void>()) };
        Ok(path.into())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // SAFETY: the name ends with a NUL. Should it fail, the journal has it deleted later.
        unsafe { DeleteAppContainerProfile(self.name.as_ptr()) };
    }
}

/// What a container's process is made with; the pointers in it are good as long as it lives.
pub struct Capabilities<'a> {
    /// As the system takes it.
    pub given: SECURITY_CAPABILITIES,
    _list: Box<[SID_AND_ATTRIBUTES]>,
    _container: &'a Container,
}

/// Deletes the container of a name, if it exists.
pub fn delete(name: &str) -> io::Result<()> {
    // SAFETY: the name ends with a NUL.
    let result = unsafe { DeleteAppContainerProfile(terminated(name).as_ptr()) };
    if result < 0 && result != NOT_FOUND { Err(io::Error::from_raw_os_error(result)) } else { Ok(()) }
}

/// `HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND)`.
const NOT_FOUND: i32 = 0x8007_0002_u32.cast_signed();
